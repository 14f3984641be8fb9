import { createServer, type Server } from "node:net";
import { afterAll, describe, expect, jest, test } from "@jest/globals";
import { describeQuorum, type QuorumFacts } from "../../../provisioning/kafka/describe-quorum.ts";
import { type Answer, quorumGate, quorumObstacle } from "../../../provisioning/kafka/quorum-gate.ts";
import { listen } from "../loopback-host.ts";

jest.setTimeout(60_000);

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
      return "3 of 4 brokers are there";
    },
    isOut: async () => false,
  };
  const ask = (silent: string) => async (controller: string) => {
    if (controller.startsWith(silent)) throw new Error("no answer");
    return controller === "10.42.0.252:9093" ? healthy : follows;
  };
  const gate = quorumGate(quorum, brokers, ask("nobody"));
  expect(await gate.leader()).toBe("10.42.0.252");
  expect(await gate.obstacle(target(1))).toBe("3 of 4 brokers are there");
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

describe("a controller says over the network how the quorum stands", () => {
  const servers: Server[] = [];
  afterAll(() => servers.forEach((server) => void server.close()));
  let request = "";

  /** A controller that answers with these bytes, in two parts, as a network may deliver them. */
  async function controller(hex: string): Promise<string> {
    const bytes = Buffer.from(hex, "hex");
    const size = Buffer.alloc(4);
    size.writeInt32BE(bytes.length);
    const server = createServer((socket) =>
      socket.once("data", (asked) => {
        request = asked.toString("hex");
        socket.write(Buffer.concat([size, bytes.subarray(0, 9)]), () =>
          setTimeout(() => socket.end(bytes.subarray(9)), 20),
        );
      }),
    );
    servers.push(server);
    return `127.0.0.1:${await listen(server)}`;
  }

  const topic = "02135f5f636c75737465725f6d65746164617461"; // one topic, __cluster_metadata
  // As controllers of Kafka 4.3.1 answered.
  const leader =
    `00000001000000${topic}02000000000000000000020000000100000000000000ee04` +
    "0000000000000000000000ee000001a208d0346f000001a208d0346f00" +
    "0000000100000000000000ee000001a208d03473000001a208d0347300" +
    "0000000200000000000000ee000001a208d0350a000001a208d0350a00" +
    "020000000300000000000000ee000001a208d0345f000001a208d0345f00000000";
  const follower = `00000001000000${topic}02000000000006000000000000000000000000000000000101000000`;

  test("the leader knows the voters", async () => {
    expect(await describeQuorum(await controller(leader))).toEqual({
      leaderId: 2,
      leaderEpoch: 1,
      voters: [
        { id: 0, logEndOffset: 238, lastFetchMs: 1_795_444_192_367 },
        { id: 1, logEndOffset: 238, lastFetchMs: 1_795_444_192_371 },
        { id: 2, logEndOffset: 238, lastFetchMs: 1_795_444_192_522 },
      ],
    });
    // DescribeQuorum (55) in version 1, correlation id 1, no client id, partition 0.
    expect(request).toBe(`000000270037000100000001ffff00${topic}0200000000000000`);
  });

  test("a follower does not", async () => {
    expect(await describeQuorum(await controller(follower))).toMatchObject({ voters: [] });
  });

  test("one that is not there is named", async () => {
    await expect(describeQuorum("127.0.0.1:1")).rejects.toThrow(
      /^127\.0\.0\.1:1: found connect ECONNREFUSED .*, wanted/,
    );
  });

  test.each([
    ["refuses", "0000000100001f0100", "found Kafka's error 31"],
    ["says something else", "0000000100000000", "found an answer without the partition that was asked for"],
    ["breaks off", "0000000100", "found an answer that ends early"],
  ])("one that %s is named", async (_, hex, found) => {
    const at = await controller(hex);
    await expect(describeQuorum(at)).rejects.toThrow(`${at}: ${found}`);
  });
});
