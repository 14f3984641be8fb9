import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, jest, test } from "@jest/globals";
import { CompressionTypes, Kafka, Partitioners } from "kafkajs";
import { clusterMetadata } from "../../provisioning/kafka/cluster-metadata.ts";
import { replayable } from "../../replay/replayable.ts";
import { findDamage, skipDamage } from "../../replay/skip-damaged.ts";
import { damagedBatches } from "../../status/damaged-batches.ts";
import { partitionLags } from "../../status/partition-lag.ts";
import { eventually } from "../../testing/eventually.ts";
import { startService } from "../../testing/running-service.ts";
import { createTopics, ownName, write } from "../../testing/topics.ts";
import { declared } from "./declared.ts";
import { useCluster } from "./use-cluster.ts";

jest.setTimeout(180_000);

const { broker, reader, outputs, onCluster } = useCluster();

/** One record in a batch that gzip makes small. */
async function zipped(topic: string, value: Buffer): Promise<void> {
  const kafka = new Kafka({ brokers: [broker.bootstrapServer] });
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
  await producer.connect();
  await producer.send({ topic, messages: [{ value }], compression: CompressionTypes.GZIP });
  await producer.disconnect();
}

/** Changes bytes in a partition's log where the broker has it, as a disk may. */
function damage(topic: string, from: string, to: string): void {
  const described = broker.tool("kafka-log-dirs.sh", "--describe", "--topic-list", topic);
  const folder = join(/"logDir":"([^"]+)"/.exec(described)?.[1] ?? "", `${topic}-0`);
  const segment = join(folder, readdirSync(folder).find((name) => name.endsWith(".log")) ?? "");
  const bytes = readFileSync(segment);
  const at = bytes.indexOf(from);
  if (at < 0) throw new Error(`${segment}: ${from} is not there`);
  bytes.write(to, at);
  writeFileSync(segment, bytes);
}

test("a bomb is passed over at once, a damaged batch when somebody says so, and the state is kept", async () => {
  const [input, output] = [ownName("in"), ownName("out")];
  const { pipeline } = await declared([
    `topics: { ${input}: {}, ${output}: {} }`,
    "services:",
    `  con: { on: rpi0, from: ${input}, apply: [ { ewma: { alpha: 0.5 } } ], to: ${output} }`,
  ]);
  const service = replayable(pipeline, "con", [broker.bootstrapServer]);
  const { spec } = service;
  const { changelogTopic = "", deadLetterTopic: letters = "" } = spec;
  await createTopics(broker, [
    { topic: input },
    { topic: output },
    { topic: letters },
    { topic: changelogTopic, compacted: true },
  ]);
  // Each a batch of its own.
  const send = (...values: string[]) =>
    write(
      broker,
      input,
      values.map((value) => ({ value })),
    );
  await send("2", "4");
  await zipped(input, Buffer.alloc(40_000_000, "1"));
  await send("8");
  await send("1001", "1002");
  await send("1");
  damage(input, "1002", "1003");

  const con = await startService(spec);
  expect(await outputs(output, 2, con)).toEqual(["3", "5.5"]);
  const damagedSays = /\/0@4: the record batch with offsets 4 to 5 is damaged: its checksum is \d+/;
  await eventually(() => damagedSays.test(con.journal()), con.journal);
  const reads = { group: spec.groupId, topic: input, partition: 0 };
  const lags = await partitionLags([broker.bootstrapServer], await clusterMetadata(broker.bootstrapServer), [reads]);
  expect(lags).toMatchObject([{ position: 4 }]);
  expect([...(await damagedBatches([broker.bootstrapServer], lags)).values()]).toEqual([
    expect.stringMatching(/^the record batch with offsets 4 to 5 is damaged: its checksum is/),
  ]);

  const found = await onCluster((cluster) => findDamage(cluster, service));
  expect(found.map(({ partition, batch: { first, last } }) => [partition.partition, first, last])).toEqual([
    [0, 4n, 5n],
  ]);
  const skip = () => onCluster((cluster) => Promise.all(found.map((each) => skipDamage(cluster, service, each))));
  expect(await skip()).toEqual([true]);
  expect(await outputs(output, 3, con)).toEqual(["3", "5.5", "3.25"]);
  // Once is enough.
  expect(await skip()).toEqual([false]);
  const { [letters]: dead = [] } = await reader.read(letters);
  expect(dead.map(({ headers }) => [headers["bramble.offset"], headers["bramble.last-offset"]])).toEqual([
    ["2", "2"],
    ["4", "5"],
  ]);
  expect(dead[0]?.headers["bramble.cause"]).toMatch(/gzip: decompressed it has more than 33554432 bytes$/);
});
