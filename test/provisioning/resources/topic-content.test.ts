import { expect, test } from "@jest/globals";
import { topicContent } from "../../../provisioning/resources/topic-content.ts";
import { target } from "../strict-host.ts";
import { strictTopics } from "../strict-topics.ts";

const topic = { partitions: 2, replicationFactor: 2, config: {}, records: 7 };
const brokers = ["a", "b", "away"].map((host) => ({ host, address: host }));

/** What each broker says of its segments. */
function session(said: Record<string, string>) {
  const host = async ({ host }: { host: string }) => {
    const stdout = said[host];
    if (stdout === undefined) throw new Error("no answer");
    const observe = async () => [{ exitCode: 0, stdout, stderr: "" }];
    return { target, observe, run: () => Promise.reject(new Error("nothing here should change")) };
  };
  return { ...strictTopics({ t: topic }).session, host };
}

test("bytes are those of one replica of each partition, all its segments", async () => {
  const said = { a: "0 100\n0 20\n", b: "0 110\n1 5\n" };
  expect(await topicContent(session(said), "t", brokers)).toEqual({ records: 7, isExact: true, bytes: 125 });
});

test("where no broker's host can be asked, records alone are told", async () => {
  expect(await topicContent(session({}), "t", brokers)).toEqual({ records: 7, isExact: true });
});
