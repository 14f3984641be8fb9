import { connect } from "node:net";
import type { Gate } from "../provider/roll.ts";
import type { HostAddress } from "../ssh/host-error.ts";

const answerTimeoutMs = 3_000;

/** What a member says it is, as the four-letter word `srvr` prints it; undefined when it serves nobody. */
export type Mode = "leader" | "follower" | "observer" | "standalone" | undefined;

/** Asks every member of an ensemble (`host:port`) before one goes down. */
export function zookeeperGate(members: readonly string[], ask: (member: string) => Promise<Mode> = askMode): Gate {
  const modes = () => Promise.all(members.map(async (member) => [member, await ask(member)] as const));
  return {
    async leader() {
      const leader = (await modes()).find(([, mode]) => mode === "leader");
      return leader?.[0].split(":")[0];
    },
    obstacle: async (target) => ensembleObstacle(await modes(), target),
    isOut: async ({ address }) =>
      (await modes()).some(([member, mode]) => mode === undefined && member.split(":")[0] === address),
  };
}

/** Why an ensemble cannot lose the member at `target` now: any other that is out already might cost the quorum. Pure. */
export function ensembleObstacle(modes: readonly (readonly [string, Mode])[], target: HostAddress): string | undefined {
  const out = modes.filter(([member, mode]) => mode === undefined && member.split(":")[0] !== target.address);
  const verb = out.length === 1 ? "does" : "do";
  return out.length === 0 ? undefined : `${out.map(([member]) => member).join(", ")} ${verb} not serve clients yet`;
}

function askMode(member: string): Promise<Mode> {
  const [host = "", port = ""] = member.split(":");
  return new Promise((resolve) => {
    let answer = "";
    const socket = connect({ host, port: Number(port), timeout: answerTimeoutMs }, () => socket.write("srvr"));
    const end = () => {
      socket.destroy();
      resolve(/^Mode: (\w+)/m.exec(answer)?.[1] as Mode);
    };
    socket.on("data", (data) => {
      answer += data;
    });
    socket.on("timeout", end).on("error", end).on("close", end);
  });
}
