import { afterAll, beforeAll, expect } from "@jest/globals";
import { down } from "../../lab/down.ts";
import { bareWith } from "./support/deployed.ts";
import { kafkaTool, metadata } from "./support/kafka.ts";
import { knownValuesArrive } from "./support/known-values.ts";
import { chaining, edited, fast, writePipeline } from "./support/pipeline-files.ts";
import { onHosts } from "./support/programs.ts";
import { configure, destroy, mustUp, preview, succeeded, up } from "./support/stack.ts";
import { story } from "./support/story.ts";
import { restarted, unitStates, unitsOf } from "./support/units.ts";
import { hosts, lab } from "./support/virtual-pis.ts";
import { differences, type WholeHost, wholeHosts } from "./support/whole-host.ts";

/** More of them: BRAMBLE_TEST_ROUNDS=10 make test ONLY=kraft */
const rounds = Number(process.env.BRAMBLE_TEST_ROUNDS ?? 1);

const lastHost = "rpi3: 10.42.0.253\n";
/** The course's pipeline on a cluster with more, or other, lines about it. */
const write = (...cluster: string[]) =>
  writePipeline("kafka_chaining", edited("kafka_chaining", fast, [lastHost, [lastHost, ...cluster].join("  ")]));

let bare: WholeHost;

beforeAll(async () => {
  await bareWith("pipelines/kafka_chaining.yaml");
  configure({ pipeline: write("kraft: {}\n") });
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

story("four bare Pis become one cluster of Kafka 4 without ZooKeeper, and the known values arrive", async () => {
  const { counts } = await mustUp();
  expect(Object.keys(counts)).toEqual(["create"]);
  const running = Object.entries(await unitStates()).filter(([, { active }]) => active === "active");
  expect(running.map(([unit]) => unit).sort()).toEqual(unitsOf(chaining, hosts, ["kafka"]));
  const { voters, observers, clusterId } = await quorum();
  expect({ voters, observers }).toEqual({ voters: ["rpi0", "rpi1", "rpi2"], observers: ["rpi3"] });
  const formatted = await onHosts(
    "sudo grep -h ^cluster.id= /var/lib/kafka/meta.properties; ls /opt/kafka/libs/kafka_*",
  );
  expect(new Set(Object.values(formatted))).toEqual(
    new Set([`cluster.id=${clusterId}\n/opt/kafka/libs/kafka_2.13-4.3.1.jar`]),
  );
  expect((await metadata()).brokers.map(({ id }) => id).sort()).toEqual([0, 1, 2, 3]);
  await knownValuesArrive();
});

story("a second `up` changes nothing and restarts nothing", async () => {
  const before = await unitStates();
  const { counts, changes } = await mustUp();
  expect({ counts, changes }).toEqual({ counts: {}, changes: {} });
  expect(restarted(before, await unitStates())).toEqual([]);
});

story("another mode, or other controllers, are refused before any host is touched", async () => {
  const [before, untouched] = [await unitStates(), await wholeHosts()];
  configure({ pipeline: write() });
  const zookeeper = await preview();
  configure({ pipeline: write("kraft: { controllers: [rpi1] }\n") });
  const controllers = await up();
  for (const [{ code, errors }, found] of [
    [zookeeper, "the records of a cluster with KRaft; wanted none, or those of a cluster with ZooKeeper."],
    [controllers, "a cluster that has its controllers on nodes 0, 1, 2; wanted them on 1."],
  ] as const) {
    expect(code).not.toBe(0);
    const refusals = errors.filter((error) => error.includes(found));
    expect({ found, refusals }).not.toEqual({ found, refusals: [] });
    expect(refusals.filter((error) => !error.includes("`pulumi destroy`"))).toEqual([]);
  }
  expect(restarted(before, await unitStates())).toEqual([]);
  const settings = (host: WholeHost) =>
    Object.fromEntries(
      Object.entries(host).map(([name, lines]) => [name, lines.filter((line) => !/^\/var\//.test(line))]),
    );
  expect(differences(settings(untouched), settings(await wholeHosts()))).toEqual([]);
});

story(
  "an edit of a setting restarts one node at a time, the active controller last, and no record is lost",
  async () => {
    const { leader } = await quorum();
    const before = await unitStates();
    configure({ pipeline: write("kraft: {}\n", "kafka: { config: { log.retention.hours: 24 } }\n") });
    const { output } = await mustUp();
    expect(restarted(before, await unitStates())).toEqual(hosts.map((host) => `${host}/kafka.service`));
    // Every turn is shown where it happens, and once more at the end.
    const turns = [
      ...new Set(output.match(/rpi\d: (all others in sync, restarting kafka.service|kafka.service is back)/g)),
    ];
    const order = [...hosts.filter((host) => host !== leader), leader];
    expect(turns).toEqual(
      order.flatMap((host) => [
        `${host}: all others in sync, restarting kafka.service`,
        `${host}: kafka.service is back`,
      ]),
    );
    await knownValuesArrive();
  },
);

story("what Kafka takes up while it runs is changed without a restart", async () => {
  const before = await unitStates();
  configure({
    pipeline: write("kraft: {}\n", "kafka: { config: { log.retention.hours: 24, log.retention.ms: 7200000 } }\n"),
  });
  await mustUp();
  expect(
    await kafkaTool("rpi1", "kafka-configs.sh", "--describe --entity-type brokers --entity-name 3 --all"),
  ).toContain(" log.retention.ms=7200000 ");
  expect(restarted(before, await unitStates())).toEqual([]);
  expect(succeeded(await preview()).changes).toEqual({});
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
