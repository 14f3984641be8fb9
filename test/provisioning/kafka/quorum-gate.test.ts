import { expect, test } from "@jest/globals";
import type { QuorumFacts } from "../../../provisioning/kafka/describe-quorum.ts";
import { type Answer, quorumGate, quorumObstacle } from "../../../provisioning/kafka/quorum-gate.ts";

const address = (id: number) => `10.42.0.25${id}`;
const target = (id: number) => ({ host: `rpi${id}`, address: address(id) });
const quorum = [0, 1, 2].map((id) => `${id}@${address(id)}:9093`);
const now = 1_795_444_192_522;

/** What the leader, node 2, knows: of each voter how many records it is behind, and when it last asked for more. */
function leads(...others: [behind: number, silentMs: number][]): QuorumFacts {
  const voters = [...others, [0, 0] as const].map(([behind, silentMs], id) => ({
    id,
    logEndOffset: 238 - behind,
    lastFetchMs: now - silentMs,
  }));
  return { leaderId: 2, leaderEpoch: 1, voters };
}
const follows: QuorumFacts = { leaderId: 0, leaderEpoch: 0, voters: [] };
const healthy = leads([0, 155], [1, 151]);

const answers = (...facts: (QuorumFacts | undefined)[]): Answer[] =>
  facts.map((each, id) => ({ id, controller: `${address(id)}:9093`, address: address(id), facts: each }));

test.each<[string, (QuorumFacts | undefined)[], string | undefined]>([
  ["all caught up", [follows, follows, healthy], undefined],
  ["it does not answer itself: the restart may mend it", [follows, undefined, healthy], undefined],
  [
    "it has not caught up itself: the restart may mend it",
    [follows, follows, leads([0, 100], [900, 60_000])],
    undefined,
  ],
  ["another does not answer", [undefined, follows, healthy], "no answer from the controller at 10.42.0.250:9093"],
  [
    "another is behind",
    [follows, follows, leads([50, 100], [0, 100])],
    "the controller at 10.42.0.250:9093 has not caught up",
  ],
  [
    "another is silent",
    [follows, follows, leads([0, 9000], [0, 100])],
    "the controller at 10.42.0.250:9093 has not caught up",
  ],
  [
    "another has just come back, empty",
    [follows, follows, leads([239, now + 1], [0, 0])],
    "the controller at 10.42.0.250:9093 has not caught up",
  ],
  ["nobody leads", [follows, follows, follows], "the controllers have no leader"],
  [
    "one that was cut off thinks that it leads",
    [{ ...leads([0, 0], [0, 0]), leaderId: 0, leaderEpoch: 0 }, follows, healthy],
    undefined,
  ],
])("before a controller goes down: %s", (_, facts, obstacle) => {
  expect(quorumObstacle(answers(...facts), target(1))).toBe(obstacle);
});

test("a node without a controller waits for all of them", () => {
  expect(quorumObstacle(answers(follows, follows, healthy), target(3))).toBeUndefined();
  expect(quorumObstacle(answers(follows, undefined, healthy), target(3))).toMatch(/^no answer .*251:9093$/);
});

test("a controller alone has nobody to wait for", () => {
  expect(quorumObstacle(answers(undefined), target(0))).toBeUndefined();
});

test("the active controller leads, and brokers are asked once the controllers can bear it", async () => {
  const asked: string[] = [];
  const brokers = {
    leader: async () => "10.42.0.250",
    obstacle: async ({ host }: { host: string }) => {
      asked.push(host);
      return "only 3 of 4 brokers are up";
    },
    isOut: async () => false,
  };
  const ask = (silent: string) => async (controller: string) => {
    if (controller.startsWith(silent)) throw new Error("no answer");
    return controller === "10.42.0.252:9093" ? healthy : follows;
  };
  const gate = quorumGate(quorum, brokers, ask("nobody"));
  expect(await gate.leader()).toBe("10.42.0.252");
  expect(await gate.obstacle(target(1))).toBe("only 3 of 4 brokers are up");
  expect(await quorumGate(quorum, brokers, ask("10.42.0.250")).obstacle(target(2))).toMatch(/^no answer/);
  expect(await quorumGate(quorum, brokers, ask("10.42.0.252")).leader()).toBeUndefined();
  expect(asked).toEqual(["rpi1"]);
});

test("a node is out when its controller does not answer or its broker is out, unless it leads", async () => {
  const brokersOut = (...out: number[]) => ({
    leader: async () => undefined,
    obstacle: async () => undefined,
    isOut: async ({ host }: { host: string }) => out.some((id) => host === `rpi${id}`),
  });
  const ask = async (controller: string) => {
    if (controller.startsWith(address(0))) throw new Error("no answer");
    return controller === "10.42.0.252:9093" ? healthy : follows;
  };
  const gate = quorumGate(quorum, brokersOut(2, 3), ask);
  expect(await Promise.all([0, 1, 2, 3].map((id) => gate.isOut(target(id))))).toEqual([true, false, false, true]);
});
