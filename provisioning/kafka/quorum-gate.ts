import type { Gate } from "../provider/roll.ts";
import type { HostAddress } from "../ssh/host-error.ts";
import { describeQuorum, type QuorumFacts } from "./describe-quorum.ts";

/** A voter fetches at least twice a second (controller.quorum.fetch.timeout.ms is 2 s); a Pi that is busy, later. */
const silentMs = 5_000;
/** The leader writes a record to the metadata twice a second: who is some seconds behind has not caught up. */
const behind = 10;

/** What each controller says of the quorum, by its address: undefined for one that does not answer. */
export interface Answer extends Voter {
  readonly facts: QuorumFacts | undefined;
}

interface Voter {
  readonly id: number;
  /** `host:port`. */
  readonly controller: string;
  readonly address: string;
}

/**
 * Asks every controller before a node of a cluster with KRaft goes down, and then the brokers: its process may be both.
 * The active controller goes last, so that the metadata change hands once.
 * @param controllers as controller.quorum.voters has them: `id@host:port`
 */
export function quorumGate(
  controllers: readonly string[],
  brokers: Gate,
  ask: (controller: string) => Promise<QuorumFacts> = describeQuorum,
): Gate {
  const voters = controllers.map(voterOf);
  const answers = () =>
    Promise.all(
      voters.map(async (voter): Promise<Answer> => {
        return { ...voter, facts: await ask(voter.controller).catch(() => undefined) };
      }),
    );
  return {
    leader: async () => leading(await answers())?.address,
    obstacle: async (target) => quorumObstacle(await answers(), target) ?? (await brokers.obstacle(target)),
    // The active controller may have a broker that is still starting: it is not out.
    async isOut(target) {
      const known = await answers();
      if (leading(known)?.address === target.address) return false;
      const isSilent = known.some(({ address, facts }) => address === target.address && facts === undefined);
      return isSilent || brokers.isOut(target);
    },
  };
}

/** Why a quorum cannot lose the controller at `target` now; undefined when it can, or when there is none at it. Pure. */
export function quorumObstacle(answers: readonly Answer[], target: HostAddress): string | undefined {
  // Its own state is of no account: it is lost already, and the restart may be what mends it.
  const others = answers.filter(({ address }) => address !== target.address);
  const silent = others.filter(({ facts }) => facts === undefined);
  if (silent.length > 0) return `no answer from the controller at ${silent.map((one) => one.controller).join(", ")}`;
  if (others.length === 0) return undefined;
  const facts = leading(answers)?.facts;
  const leader = facts?.voters.find(({ id }) => id === facts.leaderId);
  if (facts === undefined || leader === undefined) return "the controllers have no leader";
  const lagging = others.filter(({ id }) => {
    const voter = facts.voters.find((one) => one.id === id);
    if (voter === undefined) return true;
    return leader.logEndOffset - voter.logEndOffset > behind || leader.lastFetchMs - voter.lastFetchMs > silentMs;
  });
  return lagging.length === 0
    ? undefined
    : `the controller at ${lagging.map((one) => one.controller).join(", ")} has not caught up`;
}

/** The one that knows the voters: only the leader does. One that was cut off may still think it leads: the latest word counts. */
function leading(answers: readonly Answer[]): Answer | undefined {
  const leaders = answers.filter(({ id, facts }) => facts?.leaderId === id && facts.voters.length > 0);
  return leaders.sort((a, b) => (b.facts?.leaderEpoch ?? 0) - (a.facts?.leaderEpoch ?? 0))[0];
}

function voterOf(voter: string): Voter {
  const [id = "", controller = ""] = voter.split("@");
  return { id: Number(id), controller, address: controller.split(":")[0] ?? "" };
}
