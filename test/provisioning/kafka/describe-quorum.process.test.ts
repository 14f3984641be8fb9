import { createServer, type Server } from "node:net";
import { afterAll, describe, expect, test } from "@jest/globals";
import { describeQuorum } from "../../../provisioning/kafka/describe-quorum.ts";
import { listen } from "../loopback-host.ts";

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
      /^127\.0\.0\.1:1: could not read the state of the quorum: connect ECONNREFUSED /,
    );
  });

  test.each([
    ["refuses", "0000000100001f0100", "Kafka's error 31"],
    ["says something else", "0000000100000000", "the answer lacks the partition that was asked for"],
    ["breaks off", "0000000100", "the answer ends early"],
  ])("one that %s is named", async (_, hex, found) => {
    const at = await controller(hex);
    await expect(describeQuorum(at)).rejects.toThrow(`${at}: could not read the state of the quorum: ${found}`);
  });
});
