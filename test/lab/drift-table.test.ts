import { beforeAll, describe, expect } from "@jest/globals";
import { restoreDeployed } from "./support/deployed.ts";
import { kafkaTool } from "./support/kafka.ts";
import { edited, fast, writePipeline } from "./support/pipeline-files.ts";
import { onHost } from "./support/programs.ts";
import { configure, mustUp, type PulumiRun, preview, succeeded } from "./support/stack.ts";
import { story } from "./support/story.ts";
import { restarted, unitStates } from "./support/units.ts";

/** Something done by hand, and what the next preview must say about it. */
interface Drift {
  readonly kind: string;
  /** A root shell line on a host, or the arguments of one of Kafka's own tools. */
  readonly by: { readonly host: string; readonly line: string } | { readonly tool: string; readonly args: string };
  readonly resource: string;
  readonly op: "update" | "create";
  /** The field that differs, for an update. */
  readonly field?: string;
}

const units = "/etc/systemd/system";
const config = "/opt/kafka/config";
const releases = "/opt/bramble/releases";

const on = (host: string, line: string) => ({ by: { host, line } });
const with_ = (tool: string, args: string) => ({ by: { tool, args } });
const seen = (resource: string, field: string) => ({ resource, op: "update" as const, field });
const gone = (resource: string) => ({ resource, op: "create" as const });

/** Three rounds, so that no drift hides another of the same resource. */
const rounds: readonly (readonly Drift[])[] = [
  [
    { kind: "a service stopped", ...on("rpi1", "systemctl stop bramble-con1"), ...seen("con1-unit", "active") },
    { kind: "a unit disabled", ...on("rpi2", "systemctl disable bramble-con2"), ...seen("con2-unit", "enabled") },
    {
      kind: "a unit masked",
      ...on("rpi2", `ln -sf /dev/null ${units}/bramble-out_ewma.service; systemctl daemon-reload`),
      ...seen("out_ewma-unit", "enabled"),
    },
    {
      kind: "a unit edited",
      ...on("rpi3", `sed -i s/RestartSec=1/RestartSec=9/ ${units}/bramble-con3.service`),
      ...seen("con3-unit", "content"),
    },
    {
      kind: "a drop-in added",
      ...on(
        "rpi3",
        `mkdir ${units}/bramble-out_avg.service.d; echo [Service] > ${units}/bramble-out_avg.service.d/x.conf`,
      ),
      ...seen("out_avg-unit", "dropIns"),
    },
    {
      kind: "a unit deleted",
      ...on("rpi0", `rm ${units}/bramble-pro.service; systemctl daemon-reload`),
      ...seen("pro-unit", "content"),
    },
    {
      kind: "a broker's setting changed in the file",
      ...on("rpi0", `echo num.io.threads=1 >> ${config}/server.properties`),
      ...seen("rpi0-broker-config", "content"),
    },
    {
      kind: "a file's mode changed",
      ...on("rpi1", `chmod 600 ${config}/zookeeper.properties`),
      ...seen("rpi1-zookeeper-config", "mode"),
    },
    {
      kind: "a file's owner changed",
      ...on("rpi2", `chown pi:pi ${config}/zookeeper.properties`),
      ...seen("rpi2-zookeeper-config", "owner"),
    },
    { kind: "a file deleted", ...on("rpi3", `rm ${config}/server.properties`), ...gone("rpi3-broker-config") },
  ],
  [
    {
      kind: "a release's file edited",
      ...on("rpi1", `echo | tee -a ${releases}/con1/*/service.mjs`),
      ...seen("con1-release", 'files["service.mjs"]'),
    },
    {
      kind: "a release's file deleted",
      ...on("rpi0", `rm ${releases}/pro/*/kafka_chaining.txt`),
      ...seen("pro-release", 'files["kafka_chaining.txt"]'),
    },
    {
      kind: "a file added to a release",
      ...on("rpi3", `touch $(echo ${releases}/con3/*)/extra`),
      ...seen("con3-release", "files.extra"),
    },
    { kind: "a release deleted", ...on("rpi2", `rm -r ${releases}/out_ewma`), ...gone("out_ewma-release") },
    {
      kind: "a topic's setting added",
      ...with_(
        "kafka-configs.sh",
        "--alter --entity-type topics --entity-name temperatures_ewma --add-config retention.ms=3600000",
      ),
      ...seen("temperatures_ewma", 'config["retention.ms"]'),
    },
    {
      kind: "a topic's setting deleted",
      ...with_(
        "kafka-configs.sh",
        "--alter --entity-type topics --entity-name kafka_chaining-con2-changelog --delete-config cleanup.policy",
      ),
      ...seen("kafka_chaining-con2-changelog", 'config["cleanup.policy"]'),
    },
    {
      kind: "a setting of all running brokers changed",
      ...with_(
        "kafka-configs.sh",
        "--alter --entity-type brokers --entity-default --add-config log.retention.ms=3600000",
      ),
      ...seen("cluster-dynamic-config", 'config["log.retention.ms"]'),
    },
    {
      kind: "a setting of one running broker changed",
      ...with_("kafka-configs.sh", "--alter --entity-type brokers --entity-name 2 --add-config num.io.threads=6"),
      ...seen("cluster-dynamic-config", 'overrides.rpi2["num.io.threads"]'),
    },
    {
      kind: "partitions added to an empty topic",
      ...with_("kafka-topics.sh", "--alter --topic kafka_chaining-con1-dead-letters --partitions 3"),
      ...seen("kafka_chaining-con1-dead-letters", "partitions"),
    },
    {
      kind: "a topic deleted",
      ...with_("kafka-topics.sh", "--delete --topic kafka_chaining-out_avg-dead-letters"),
      ...gone("kafka_chaining-out_avg-dead-letters"),
    },
    {
      kind: "a file of Kafka deleted",
      ...on("rpi1", "rm /opt/kafka/libs/kafka-clients-*.jar"),
      ...seen("rpi1-kafka", "integrity"),
    },
    {
      kind: "a file of Node deleted",
      ...on("rpi0", "rm /opt/bramble/node-*/LICENSE"),
      ...seen("rpi0-node", "integrity"),
    },
  ],
  [
    { kind: "a broker stopped", ...on("rpi2", "systemctl stop kafka"), ...seen("rpi2-broker-unit", "active") },
    {
      kind: "a ZooKeeper stopped",
      ...on("rpi3", "systemctl stop zookeeper"),
      ...seen("rpi3-zookeeper-unit", "active"),
    },
    {
      kind: "a daemon that runs with an older configuration than its file",
      ...on("rpi1", `touch ${config}/server.properties`),
      ...seen("rpi1-broker-unit", "running"),
    },
    {
      kind: "a drop-in that lasts until reboot",
      ...on(
        "rpi3",
        "mkdir -p /run/systemd/system/bramble-con3.service.d; echo [Unit] > /run/systemd/system/bramble-con3.service.d/y.conf",
      ),
      ...seen("con3-unit", "dropIns"),
    },
    { kind: "Kafka deleted", ...on("rpi0", "rm -r /opt/kafka"), ...gone("rpi0-kafka") },
    { kind: "Node deleted", ...on("rpi2", "rm -r /opt/bramble/node-*"), ...gone("rpi2-node") },
  ],
];

const lastHost = "rpi3: 10.42.0.253\n";
/** The course's pipeline with these settings of its brokers. */
const write = (settings = "") =>
  writePipeline(
    "kafka_chaining",
    edited("kafka_chaining", fast, [lastHost, `${lastHost}  kafka: { config: {${settings}} }\n`]),
  );

beforeAll(async () => {
  await restoreDeployed();
});

describe.each(rounds.map((drifts, index) => ({ round: index + 1, drifts })))("round $round", ({ drifts }) => {
  let seenNow: PulumiRun;

  beforeAll(async () => {
    for (const { by } of drifts) {
      if ("host" in by) await onHost(by.host, `sudo sh -c '${by.line}'`);
      else await kafkaTool("rpi1", by.tool, by.args);
    }
    seenNow = succeeded(await preview());
  });

  for (const { kind, resource, op, field } of drifts) {
    story(`${kind}: preview names it`, async () => {
      const fields = field === undefined ? expect.anything() : expect.arrayContaining([field]);
      expect(seenNow.changes).toMatchObject({ [resource]: { op, fields } });
    });
  }

  story("one up repairs all of it, and preview has nothing left to say", async () => {
    await mustUp();
    expect(succeeded(await preview()).changes).toEqual({});
  });
});

story("what Kafka takes up while it runs is changed, and taken back, without a restart", async () => {
  const before = await unitStates();
  const told = () => kafkaTool("rpi0", "kafka-configs.sh", "--describe --entity-type brokers --entity-name 3 --all");
  for (const [settings, words, found] of [
    [
      "log.retention.ms: 7200000, num.io.threads: 20",
      "brokers change to log.retention.ms 7200000 and num.io.threads 20 at once, without a restart.",
      ["log.retention.ms=7200000", "num.io.threads=20"],
    ],
    [
      "",
      "brokers change to no log.retention.ms (was 7200000) and no num.io.threads (was 20) at once, without a restart.",
      ["log.retention.ms=null", "num.io.threads=4"],
    ],
  ] as const) {
    configure({ pipeline: write(settings) });
    const { changes, output } = succeeded(await preview());
    expect(Object.keys(changes)).toEqual(["cluster-dynamic-config"]);
    expect(output).toContain(words);
    await mustUp();
    for (const value of found) expect(await told()).toContain(` ${value} `);
    expect(succeeded(await preview()).changes).toEqual({});
  }
  expect(restarted(before, await unitStates())).toEqual([]);
  configure({ pipeline: write("num.io.threads: many") });
  const refused = await preview();
  expect(refused.code).not.toBe(0);
  expect(refused.output).toContain("num.io.threads=many: refused by Kafka");
});
