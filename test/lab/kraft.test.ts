import { afterAll, beforeAll, describe, expect } from "@jest/globals";
import { down } from "../../lab/down.ts";
import { reflash } from "../../lab/faults.ts";
import { projectFolder } from "../../lab/lab.ts";
import { bareWith } from "./support/deployed.ts";
import { eventually } from "./support/eventually.ts";
import { committedValues, kafkaTool, metadata } from "./support/kafka.ts";
import { knownValuesArrive } from "./support/known-values.ts";
import { chaining, edited, fast, writePipeline } from "./support/pipeline-files.ts";
import { inLabOk, onHost, onHosts } from "./support/programs.ts";
import { configure, destroy, mustUp, preview, succeeded, trust, up } from "./support/stack.ts";
import { steadyProducer } from "./support/steady-producer.ts";
import { story } from "./support/story.ts";
import { restarted, unitStates, unitsOf } from "./support/units.ts";
import { hostOf, hosts, lab } from "./support/virtual-pis.ts";
import { differences, type WholeHost, wholeHosts } from "./support/whole-host.ts";

/** More of them: BRAMBLE_TEST_ROUNDS=10 make test ONLY=kraft */
const rounds = Number(process.env.BRAMBLE_TEST_ROUNDS ?? 1);

const lastHost = "rpi3: 10.42.0.253\n";
/** Of every record there are three: what one disk takes with it is somewhere else too. */
const topics = ["fahrenheit", "above_threshold", "ewma", "moving_average"]
  .map((name) => `  temperatures_${name}: { replicationFactor: 3 }\n`)
  .concat("  steady: { partitions: 6, replicationFactor: 3, config: { min.insync.replicas: 2 } }\n")
  .join("");
type Edit = readonly [from: string, to: string];
/** The course's pipeline, with a topic beside it, on a cluster with more, or other, lines about it. */
const write = (cluster: readonly string[], ...edits: Edit[]) => {
  const lines: Edit = [lastHost, [lastHost, ...cluster].join("  ")];
  const replicated: Edit = ["\nservices:", `\ntopics:\n${topics}\nservices:`];
  return writePipeline("kafka_chaining", edited("kafka_chaining", fast, lines, replicated, ...edits));
};
const kraft = "kraft: {}\n";
/** A patch before the one that is deployed by default (setup/steps/kafka-kraft-before.sh). */
const before = "kafka: { version: 4.3.0 }\n";
const retention = "kafka: { config: { log.retention.hours: 24 } }\n";

let bare: WholeHost;

beforeAll(async () => {
  await bareWith("pipelines/kafka_chaining.yaml");
  configure({ pipeline: write([kraft, before]) });
  bare = await wholeHosts();
});
// Whoever comes next has other daemons in mind.
afterAll(() => down(lab, { wipe: true }));

/** What Kafka's own tool says of the quorum. */
async function quorum(): Promise<{ leader: string; voters: string[]; observers: string[]; clusterId: string }> {
  const text = await kafkaTool("rpi0", "kafka-metadata-quorum.sh", "describe --status");
  const told = (key: string) => new RegExp(`^${key}:\\s+(.*)$`, "m").exec(text)?.[1] ?? "";
  const ids = (key: string) => JSON.parse(told(key)).map(({ id }: { id: number }) => `rpi${id}`);
  return {
    leader: `rpi${told("LeaderId")}`,
    voters: ids("CurrentVoters"),
    observers: ids("CurrentObservers"),
    clusterId: told("ClusterId"),
  };
}

/** The version of Kafka that runs on each host, by the jar that its process has open. */
const running = () =>
  onHosts(
    "sudo sh -c 'ls -l /proc/$(systemctl show -P MainPID kafka)/fd' | sed -nE 's/.*kafka_2[.]13-([0-9.]+)[.]jar$/\\1/p'",
  );
const everywhere = (version: string) => Object.fromEntries(hosts.map((host) => [host, version]));

/** An empty disk, whose host is trusted. */
async function flashed(host: string): Promise<void> {
  await reflash(lab, hostOf(host));
  await trust(host);
  bare = { ...bare, ...(await wholeHosts([host])) };
}

/** Each turn of a roll is shown where it happens, and once more at the end. */
const turnsOf = (output: string) => [
  ...new Set(output.match(/rpi\d: (all others in sync, restarting kafka.service|kafka.service is back)/g)),
];

story("four bare Pis become one cluster of Kafka 4 without ZooKeeper, and the known values arrive", async () => {
  const { counts } = await mustUp();
  expect(Object.keys(counts)).toEqual(["create"]);
  const active = Object.entries(await unitStates()).filter(([, state]) => state.active === "active");
  expect(active.map(([unit]) => unit).sort()).toEqual(unitsOf(chaining, hosts, ["kafka"]));
  const { voters, observers, clusterId } = await quorum();
  expect({ voters, observers }).toEqual({ voters: ["rpi0", "rpi1", "rpi2"], observers: ["rpi3"] });
  const formatted = await onHosts("sudo grep -h ^cluster.id= /var/lib/kafka/meta.properties");
  expect(new Set(Object.values(formatted))).toEqual(new Set([`cluster.id=${clusterId}`]));
  expect(await running()).toEqual(everywhere("4.3.0"));
  expect((await metadata()).brokers.map(({ id }) => id).sort()).toEqual([0, 1, 2, 3]);
  await knownValuesArrive();
  await eventually("`bramble status` says that all is well", 30_000, async () => {
    const told = await inLabOk(["bramble", "status", "--pipeline", write([kraft, before])], { cwd: projectFolder });
    expect(told).toMatch(/^rpi2 +10.42.0.252 +active .+ broker, controller$/m);
    expect(told).toMatch(/^con3 +temperatures_above_threshold\/0 +\d+ +0 +0$/m);
  });
});

story("a second `up` changes nothing and restarts nothing", async () => {
  const states = await unitStates();
  const { counts, changes } = await mustUp();
  expect({ counts, changes }).toEqual({ counts: {}, changes: {} });
  expect(restarted(states, await unitStates())).toEqual([]);
});

story("another mode, or other controllers, are refused before any host is touched", async () => {
  const [states, untouched] = [await unitStates(), await wholeHosts()];
  configure({ pipeline: write([]) });
  const zookeeper = await preview();
  configure({ pipeline: write(["kraft: { controllers: [rpi1] }\n", before]) });
  const controllers = await up();
  for (const [{ code, errors }, found] of [
    [zookeeper, "the records of a cluster with KRaft; expected none, or those of a cluster with ZooKeeper."],
    [controllers, "the cluster has its controllers on nodes 0, 1, 2; expected nodes 1."],
  ] as const) {
    expect(code).not.toBe(0);
    const refusals = errors.filter((error) => error.includes(found));
    expect({ found, refusals }).not.toEqual({ found, refusals: [] });
    expect(refusals.filter((error) => !error.includes("`pulumi destroy`"))).toEqual([]);
  }
  expect(restarted(states, await unitStates())).toEqual([]);
  const settings = (host: WholeHost) =>
    Object.fromEntries(
      Object.entries(host).map(([name, lines]) => [name, lines.filter((line) => !/^\/var\//.test(line))]),
    );
  expect(differences(settings(untouched), settings(await wholeHosts()))).toEqual([]);
});

story("another patch of Kafka, and a setting, restart one node at a time under 300 records a second", async () => {
  const { leader } = await quorum();
  const states = await unitStates();
  configure({ pipeline: write([kraft, retention]) });
  expect((await preview()).output).toContain(
    "brokers on rpi0, rpi1, rpi2 and rpi3 restart (log.retention.hours 24, Kafka 4.3.1 (was 4.3.0)), one at a time, once every host has the new Kafka; ",
  );
  const producer = steadyProducer("steady", 300);
  const { output, seconds } = await mustUp();
  const { sent, complaints } = await producer.stop();
  expect(complaints).toEqual([]);
  expect(sent).toBeGreaterThan(200 * seconds);
  const arrived = (await committedValues("steady")).map(Number).sort((a, b) => a - b);
  expect(arrived.length).toBe(sent);
  expect(arrived.every((value, i) => value === i)).toBe(true);

  expect(await running()).toEqual(everywhere("4.3.1"));
  expect(restarted(states, await unitStates())).toEqual(hosts.map((host) => `${host}/kafka.service`));
  const order = [...hosts.filter((host) => host !== leader), leader];
  expect(turnsOf(output)).toEqual(
    order.flatMap((host) => [
      `${host}: all others in sync, restarting kafka.service`,
      `${host}: kafka.service is back`,
    ]),
  );
  await knownValuesArrive();
});

const dynamic = "kafka: { config: { log.retention.hours: 24, log.retention.ms: 7200000 } }\n";

story("what Kafka takes up while it runs is changed without a restart", async () => {
  const states = await unitStates();
  configure({ pipeline: write([kraft, dynamic]) });
  await mustUp();
  expect(
    await kafkaTool("rpi1", "kafka-configs.sh", "--describe --entity-type brokers --entity-name 3 --all"),
  ).toContain(" log.retention.ms=7200000 ");
  expect(restarted(states, await unitStates())).toEqual([]);
  expect(succeeded(await preview()).changes).toEqual({});
});

describe("a Pi that is a broker alone", () => {
  const ofRpi3 = ["bramble-con3", "bramble-out_avg"];
  const moved = [
    ...ofRpi3.map((unit) => `rpi2/${unit}.service`),
    ...[...ofRpi3, "kafka"].map((unit) => `rpi3/${unit}.service`),
  ];
  const registered = () =>
    onHost(
      "rpi0",
      "/opt/kafka/bin/kafka-cluster.sh list-endpoints --bootstrap-server rpi0:9092 --include-fenced-brokers",
    );

  story("is taken out: its replicas are moved, its id is given up, and only what moves restarts", async () => {
    const states = await unitStates();
    configure({ pipeline: write([kraft, dynamic], ["    rpi3: 10.42.0.253\n", ""], ["on: rpi3", "on: rpi2"]) });
    const { output } = await preview();
    expect(output).toMatch(/the replicas of \d+ topics on the broker of rpi3 are first moved to the other brokers\./);
    expect(output).toContain(
      "rpi3 leaves the cluster: everything that bramble installed on it is removed, and its data are wiped.",
    );
    await mustUp();
    expect(restarted(states, await unitStates())).toEqual(moved);
    expect(await registered()).not.toContain("10.42.0.253");
    expect(await kafkaTool("rpi0", "kafka-topics.sh", "--describe")).not.toMatch(/(Replicas|Isr): [\d,]*3/);
  });

  story("comes back with an empty card: it joins, and only what moves restarts", async () => {
    const states = await unitStates();
    configure({ pipeline: write([kraft, dynamic]) });
    await flashed("rpi3");
    expect((await preview()).output).toContain(
      "rpi3 (10.42.0.253) joins the cluster: its broker gets a share of new topics and replicas; existing replicas stay on the other brokers.",
    );
    await mustUp();
    expect(restarted(states, await unitStates())).toEqual(moved);
    expect(await registered()).toMatch(/10\.42\.0\.253\s+9092\s+null\s+unfenced/);
    await knownValuesArrive();
  });
});

story("a controller's Pi is replaced: its empty disk gets the metadata and the records of the others", async () => {
  const [states, records] = [await unitStates(), await committedValues("steady")];
  await flashed("rpi1");
  const { changes } = await mustUp();
  expect(Object.keys(changes).filter((name) => /^rpi[023]/.test(name))).toEqual([]);
  expect(restarted(states, await unitStates()).filter((name) => !name.startsWith("rpi1/"))).toEqual([]);
  await eventually("no replica and no controller lags", 60_000, async () => {
    expect(await kafkaTool("rpi0", "kafka-topics.sh", "--describe --under-replicated-partitions")).toBe("");
    // Of brokers it tells for minutes what they were with another disk, too.
    const replication = await kafkaTool("rpi0", "kafka-metadata-quorum.sh", "describe --replication");
    const controllers = replication.split("\n").filter((line) => /\s(Leader|Follower)\s*$/.test(line));
    const lags = controllers.map((line) => line.split(/\s+/)).map(([id, , , lag]) => [id, Number(lag) < 5]);
    expect(lags.sort()).toEqual(["0", "1", "2"].map((id) => [id, true]));
  });
  expect((await committedValues("steady")).sort()).toEqual(records.sort());
  expect((await preview()).counts).toEqual({});
  await knownValuesArrive();
});

for (let round = 1; round <= rounds; round++) {
  story(`destroy leaves nothing, and up works again (${round})`, async () => {
    succeeded(await destroy());
    expect(differences(bare, await wholeHosts())).toEqual([]);
    expect(await onHosts("pgrep -a java; sudo ss -ltnH | grep -E ':(9092|9093) '; true")).toEqual(
      Object.fromEntries(hosts.map((host) => [host, ""])),
    );
    await mustUp();
    await knownValuesArrive();
  });
}
