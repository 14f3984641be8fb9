import { appendFileSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, jest, test } from "@jest/globals";
import { produceFollowed } from "../../runtime/follow-service.ts";
import type { OutgoingRecord } from "../../runtime/kafka/kafka.ts";
import type { Service } from "../../runtime/service.ts";
import { StateStores } from "../../runtime/state-stores.ts";
import { emptyKafka } from "./empty-kafka.ts";

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

test("a followed file's status stays at the byte that was read, however long nothing comes", async () => {
  const path = join(mkdtempSync(join(tmpdir(), "bramble-follow-")), "sensor.txt");
  const [written, said, stop] = [[] as OutgoingRecord[], [] as string[], new AbortController()];
  const say = (text: string) => void said.push(text);
  const ignore = () => {};
  const service: Service = {
    spec: {
      name: "tail",
      groupId: "p-tail",
      bootstrapServers: [],
      input: { kind: "follow", path },
      apply: [],
      output: { kind: "topic", topic: "out" },
      changelogTopic: "changelog",
    },
    chain: [],
    branches: [{ topic: "out" }],
    kafka: emptyKafka(written),
    stores: new StateStores(undefined, ignore),
    journal: { info: ignore, warn: ignore, error: ignore },
    supervisor: { ready: say, status: say, alive: ignore, stopping: ignore },
    clock: { nowMs: Date.now },
    replica: "rpi1",
    stateFolder: undefined,
    print: async () => {},
  };
  const running = produceFollowed(service, { kind: "follow", path }, stop.signal);
  const until = async (isSo: () => boolean) => {
    while (!isSo()) await jest.advanceTimersByTimeAsync(100);
  };
  const looks = (count: number) => until(() => said.length >= count);
  await looks(1);
  expect(said[0]).toBe(`waiting for ${path}, which does not exist yet`);
  appendFileSync(path, "20\n21\n");
  await until(() => written.length === 2);
  await looks(said.length + 2);
  stop.abort();
  await running;
  expect(said.at(-1)).toBe(`following ${path}, at byte 6`);
});
