import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadPipeline } from "../../declaration/load-pipeline.ts";
import type { Pipeline } from "../../declaration/pipeline.ts";
import type { ServiceLag } from "../../status/ask-kafka.ts";
import { unitsOn } from "../../status/declared-units.ts";
import type { Answers } from "../../status/problem.ts";
import type { HostAnswer, UnitState } from "../../status/unit-state.ts";

/** Three hosts, one source, and two replicas of what reads it. */
export async function sensors(cluster = ""): Promise<Pipeline> {
  const file = join(mkdtempSync(join(tmpdir(), "bramble-status-")), "sensors.yaml");
  writeFileSync(
    file,
    `cluster: { hosts: { rpi0: 10.0.0.1, rpi1: 10.0.0.2, rpi2: 10.0.0.3 }${cluster} }
topics: { readings: { partitions: 2 } }
services:
  pro: { on: rpi0, source: { sequence: { start: 1 }, every: 1s }, to: readings }
  con: { on: [rpi1, rpi2], replicas: 2, from: readings, apply: [ { ewma: { alpha: 0.5 } } ], sink: log }
`,
  );
  return loadPipeline(file);
}

export function running(unit: string, others: Partial<UnitState> = {}): UnitState {
  const says = unit === "bramble-pro.service" ? "record 7" : "";
  const state = { load: "loaded", active: "active", sub: "running", forSeconds: 3602, restarts: 0 };
  return { unit, ...state, says, ...others };
}

/** Every host, broker and service of a pipeline when all is well. */
export function wellAnswers(pipeline: Pipeline): Answers {
  const { hosts } = pipeline.cluster;
  const answerOf = (host: string): HostAnswer => ({
    kind: "units",
    units: unitsOn(pipeline, host).map(({ unit }) => running(unit)),
  });
  return {
    hosts: new Map<string, HostAnswer>(hosts.map(({ name }) => [name, answerOf(name)])),
    kafka: {
      answering: hosts.map(({ address }) => `${address}:9092`),
      cluster: {
        brokers: new Map(hosts.map(({ id, address }) => [id, `${address}:9092`])),
        partitions: pipeline.topics.flatMap(({ name: topic, partitions }) =>
          Array.from({ length: partitions }, (_, partition) => ({
            ...{ topic, partition, leader: 0, replicas: [0, 1, 2], inSync: [0, 1, 2] },
          })),
        ),
      },
      services: new Map([
        ["pro", { reads: [], deadLetters: undefined }],
        ["con", { reads: [reads(0), reads(1)], deadLetters: { records: 0, isExact: true } }],
      ]),
    },
  };
}

export function reads(partition: number, others: Partial<ServiceLag["reads"][number]> = {}) {
  const at = { group: "sensors-con", topic: "readings", partition, position: 7, end: 7 };
  return { ...at, lag: { records: 0, isExact: true }, isStalled: false, ...others };
}
