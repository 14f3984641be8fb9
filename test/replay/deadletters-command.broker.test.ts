import { writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, expect, jest, test } from "@jest/globals";
import { bootstrapServers } from "../../declaration/bootstrap-servers.ts";
import type { Pipeline } from "../../declaration/pipeline.ts";
import { serviceSpec } from "../../provisioning/service-release.ts";
import { replayable } from "../../replay/replayable.ts";
import { planReset, resetGroup } from "../../replay/reset-group.ts";
import { eventually } from "../../testing/eventually.ts";
import { type RunningService, startService } from "../../testing/running-service.ts";
import { createTopics, ownName, write } from "../../testing/topics.ts";
import { brambleCommand, ownAddress } from "./bramble-command.ts";
import { declared } from "./declared.ts";
import { useCluster } from "./use-cluster.ts";

jest.setTimeout(120_000);

const { broker, reader, onCluster } = useCluster();
const [server, address, input] = [broker.bootstrapServer, ownAddress(), ownName("in")];
const log = join(tmpdir(), `${ownName("sensor")}.txt`);
let pipeline: Pipeline;
let file: string;
let con: RunningService;

const bramble = (...args: string[]) => brambleCommand(server, { address, file }, args);
const written = async (topic: string) => (await reader.values(topic)).length;
/** Once that is so: WAITING and PUT BACK of a service. */
const counted = (service: string, counts: string) =>
  eventually(
    async () =>
      (await bramble("deadletters")).stdout
        .split("\n")
        .some((line) => line.replace(/ +/g, " ").startsWith(`${service} ${counts} `)),
    con.journal,
    60_000,
  );

beforeAll(async () => {
  ({ pipeline, file } = await declared(
    [
      `topics: { ${input}: {} }`,
      "services:",
      `  con: { on: rpi0, from: ${input}, apply: [round], sink: log }`,
      `  tail: { on: rpi0, source: { file: /var/log/sensor.txt, follow: true }, apply: [round], sink: log }`,
      "  pro: { on: rpi0, source: { sequence: {} }, sink: log }",
    ],
    {},
    { cluster: `{ hosts: { rpi0: ${address} } }` },
  ));
  await createTopics(
    broker,
    pipeline.topics.map(({ name, partitions, role }) => ({ topic: name, partitions, compacted: role === "changelog" })),
  );
  writeFileSync(log, "1\nwarm\n");
  await write(
    broker,
    input,
    ["warm", "warmer", "1"].map((value) => ({ value })),
  );
  con = await start("con");
  await start("tail");
  await counted("con", "2 0");
  await counted("tail", "1 0");
});

/** Services run until the end of a test. */
function start(name: string): Promise<RunningService> {
  const service = pipeline.services.find((each) => each.name === name);
  if (service === undefined) throw new Error(`there is no service ${name}`);
  const spec = serviceSpec(pipeline, service, [server]);
  return startService(spec.input.kind === "follow" ? { ...spec, input: { ...spec.input, path: log } } : spec);
}

test("nothing is put back before it is asked for, and there is no terminal to ask on", async () => {
  expect(await bramble("deadletters", "con", "--replay")).toMatchObject({
    code: 1,
    stderr: "bramble: there is no terminal to ask on. To answer yes, add --yes.\n",
  });
  expect(await written(input)).toBe(3);
  await counted("con", "2 0");
});

test("lines of a followed file cannot go back: that is said, with what to do, and none is dropped", async () => {
  const { code, stdout, stderr } = await bramble("deadletters", "tail", "--replay", "--yes");
  expect([code, stdout]).toEqual([1, ""]);
  expect(stderr).toMatch(
    /^bramble: the dead letters of tail are lines of \/var\/log\/sensor\.txt on rpi0, which bramble only reads/,
  );
  expect(stderr).toContain("`npx bramble deadletters tail --json` prints them.");
  await counted("tail", "1 0");
  expect((await bramble("deadletters", "tail")).stdout.trimEnd().split("\n").at(-1)).toBe(
    "They are lines of a followed file. To have them processed, append the corrected lines to it.",
  );
});

test("a service without dead letters is told from one that is not there", async () => {
  expect((await bramble("deadletters", "pro")).stderr).toMatch(
    /^bramble: pro has no dead letters, as all values of its source are valid; services/,
  );
});

test("put back and refused again, and read again by a replay, a record is one dead letter", async () => {
  con = await start("con");
  for (let round = 1; round <= 2; round++) {
    expect(await bramble("deadletters", "con", "--replay", "--yes")).toEqual({
      ...{ code: 0, stderr: "" },
      stdout: "con: 2 dead letters put back, for con alone.\n",
    });
    await counted("con", "2 0");
  }
  await onCluster(async (cluster) => {
    const service = replayable(pipeline, "con", bootstrapServers(pipeline.cluster));
    await resetGroup(cluster, service, await planReset(cluster, service, { kind: "beginning" }));
  });
  const shown = async () => (await bramble("deadletters", "con")).stdout;
  await eventually(async () => (await shown()).includes("(refused 6 times)"), con.journal);
  expect((await shown()).split("\n")[0]).toBe("con: 2 dead letters waiting");
  const status = JSON.parse((await bramble("status", "--json")).stdout);
  expect(status.services).toMatchObject([
    { name: "con", deadLetters: 2, isDeadLettersExact: true },
    { name: "tail", deadLetters: 1, isDeadLettersExact: true },
    { name: "pro", deadLetters: null },
  ]);
  const json = await bramble("deadletters", "con", "--json", "--most", "1");
  expect(JSON.parse(json.stdout)).toMatchObject({
    topic: input,
    recordOffset: 1,
    times: 6,
    value: "warmer",
    isPutBack: false,
  });
});

test("what cannot go back is named, waits behind the others, and makes the exit code another", async () => {
  const topic = pipeline.services.find(({ name }) => name === "con")?.deadLetterTopic ?? "";
  const letter = (from: string) => ({
    value: "cold",
    headers: { "bramble.cause": "no number", "bramble.topic": from, "bramble.partition": "0", "bramble.offset": "900" },
  });
  await write(broker, topic, [letter("formerly"), letter(input)]);
  const found = {
    code: 1,
    stderr:
      "bramble: con: 1 dead letter goes on waiting\n" +
      "  not put back: formerly/0@900: it is a record of formerly, which con no longer reads\n",
  };
  expect(await bramble("deadletters", "con", "--replay", "--yes")).toEqual({
    ...found,
    stdout: "con: 3 dead letters put back, for con alone.\n",
  });
  await counted("con", "1 3");
  expect(await bramble("deadletters", "con", "--replay", "--yes")).toEqual({ ...found, stdout: "" });
  await counted("con", "1 3");
  expect((await bramble("deadletters", "con")).stdout).not.toContain("refused");
});
