import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect } from "@jest/globals";
import { kill, reflash, start } from "../../lab/faults.ts";
import { projectFolder } from "../../lab/lab.ts";
import { up as bootLab } from "../../lab/up.ts";
import { restoreDeployed } from "./support/deployed.ts";
import { eventually } from "./support/eventually.ts";
import { committedValues, kafkaTool, metadata, produce } from "./support/kafka.ts";
import { chaining, edited, fast, writePipeline } from "./support/pipeline-files.ts";
import { inLabOk, onHost } from "./support/programs.ts";
import { configure, destroy, mustUp, preview, succeeded, trust, up } from "./support/stack.ts";
import { story } from "./support/story.ts";
import { restarted, unitStates, unitsOf } from "./support/units.ts";
import { hostOf, hosts, lab, leaveToNobody } from "./support/virtual-pis.ts";

beforeAll(async () => {
  await restoreDeployed();
});

/** Feeds the pipeline at its start and waits for what comes out at its end. */
async function oneMoreGoesThrough(fahrenheit: number): Promise<void> {
  const before = await committedValues("temperatures_ewma");
  await produce("temperatures_fahrenheit", [fahrenheit]);
  await eventually("one more average", 60_000, async () => {
    const now = await committedValues("temperatures_ewma");
    expect(now.slice(0, before.length)).toEqual(before);
    expect(now.slice(before.length).map(Number)).toEqual([
      expect.closeTo(0.5 * fahrenheit + 0.5 * Number(before.at(-1)), 9),
    ]);
  });
}

async function everyUnitRuns(): Promise<void> {
  await eventually("every unit is active, by itself", 90_000, async () => {
    const states = await unitStates();
    expect(Object.keys(states).sort()).toEqual(unitsOf(chaining, hosts));
    expect(Object.entries(states).filter(([, { active }]) => active !== "active")).toEqual([]);
  });
}

describe("a host loses its power", () => {
  // The one whose silence hurts most: it leads what con2 writes its state to.
  let host = hostOf("rpi1");

  beforeAll(async () => {
    const described = await kafkaTool("rpi0", "kafka-topics.sh", "--describe --topic kafka_chaining-con2-changelog");
    host = hostOf(`rpi${/Leader: (\d)/.exec(described)?.[1]}`);
  });

  story("preview and up say that it does not answer, and forget nothing", async () => {
    await kill(lab, host);
    for (const run of [await preview(), await up()]) {
      expect(run.code).not.toBe(0);
      const sentence = `${host.name} (${host.address}): no answer`;
      expect(run.errors).toContainEqual(expect.stringContaining(sentence));
      expect(run.counts).not.toMatchObject({ create: expect.anything() });
    }
  });

  story("back on power its services come up by themselves, and the stream goes on where it was", async () => {
    await start(lab, host);
    await everyUnitRuns();
    await oneMoreGoesThrough(70);
    expect((await mustUp()).counts).toEqual({});
  });
});

describe("all four lose their power at once", () => {
  story("back on power the cluster is whole again, with all records, and the stream goes on", async () => {
    const before = await committedValues("temperatures_above_threshold");
    await Promise.all(hosts.map((host) => kill(lab, hostOf(host))));
    await bootLab(lab);
    await everyUnitRuns();
    await eventually("the records are there again", 60_000, async () =>
      expect(await committedValues("temperatures_above_threshold")).toEqual(before),
    );
    await oneMoreGoesThrough(80);
    expect((await mustUp()).counts).toEqual({});
  });
});

/** A disk takes with it what no other has: each record is on three of the four brokers. */
const topics = ["fahrenheit", "above_threshold", "ewma", "moving_average"]
  .map((name) => `\n  temperatures_${name}: { replicationFactor: 3 }`)
  .join("");
const replicated = (...edits: (readonly [from: string, to: string])[]) =>
  writePipeline(
    "kafka_chaining",
    edited("kafka_chaining", fast, ["\nservices:", `\ntopics:${topics}\n\nservices:`], ...edits),
  );

describe("a Pi is replaced: an empty disk and another host key", () => {
  const host = hostOf("rpi2");
  let before: Awaited<ReturnType<typeof unitStates>>;
  let outputs: string[];

  beforeAll(async () => {
    configure({ pipeline: replicated() });
    await mustUp();
    before = await unitStates();
    outputs = await committedValues("temperatures_ewma");
    await reflash(lab, host);
  });

  story("nobody talks to it before its new key is trusted", async () => {
    const run = await up();
    expect(run.code).not.toBe(0);
    expect(new Set(run.errors.filter((error) => error.includes("host key")))).toEqual(
      new Set([expect.stringContaining("If the Pi was reflashed, run `npx bramble trust rpi2`")]),
    );
    expect(await trust("rpi2")).toContain("CHANGED");
  });

  story("one up brings it back, with all of its replicas, and touches no other host", async () => {
    const { changes } = await mustUp();
    const others = hosts.filter((name) => name !== host.name);
    expect(Object.keys(changes).filter((name) => others.some((other) => name.startsWith(other)))).toEqual([]);
    expect((await preview()).counts).toEqual({});
    expect(restarted(before, await unitStates()).filter((name) => !name.startsWith(`${host.name}/`))).toEqual([]);
    await eventually("no replica lags", 60_000, async () =>
      expect(await kafkaTool("rpi0", "kafka-topics.sh", "--describe --under-replicated-partitions")).toBe(""),
    );
  });

  story("no record was lost, and the stream goes on", async () => {
    expect(await committedValues("temperatures_ewma")).toEqual(outputs);
    await oneMoreGoesThrough(90);
  });
});

describe("a Pi gets another address, and nobody answers at the old one", () => {
  const { name, address } = hostOf("rpi1");
  const moved = "10.42.0.241";
  const login = ["ssh", "-i", lab.clientKey, "-o", `UserKnownHostsFile=${lab.knownHosts}`, `pi@${moved}`];

  story("one up finds it there, and restarts it before those that wait for it", async () => {
    const before = await unitStates();
    const swap = `ip addr del ${address}/24 dev eth0; ip addr add ${moved}/24 dev eth0`;
    await onHost(name, `sudo sh -c '(sleep 1; ${swap}) >/dev/null 2>&1 &'`);
    configure({ pipeline: replicated([`rpi1: ${address}`, `rpi1: ${moved}`]) });
    await eventually("it answers at its new address", 60_000, () => trust(name));
    const lost = await preview();
    expect(lost.errors.join()).toContain(`rpi1 (${address}): no answer`);
    expect(lost.errors.join()).toContain("`pulumi up --run-program`");

    await mustUp("--run-program");
    // For what looks at all hosts, where they have always been.
    await inLabOk([...login, `sudo ip addr add ${address}/24 dev eth0`]);
    const daemons = hosts.flatMap((host) => [`${host}/kafka.service`, `${host}/zookeeper.service`]);
    expect(restarted(before, await unitStates())).toEqual(expect.arrayContaining(daemons));
    expect((await metadata()).brokers.map((broker) => broker.name)).toContain(`${moved}:9092`);
    expect(await kafkaTool("rpi0", "kafka-topics.sh", "--describe --under-replicated-partitions")).toBe("");
    expect((await preview()).counts).toEqual({});
    await oneMoreGoesThrough(95);
  });
});

describe("a Pi is unplugged for good, and the rest is destroyed", () => {
  const host = hostOf("rpi3");
  const places = ["/etc/systemd/system/kafka.service", "/opt/bramble", "/opt/kafka", "/var/lib/kafka"];
  const left = `ls -d ${places.join(" ")} 2>/dev/null || true`;

  afterAll(leaveToNobody);

  story("destroy is refused with its name, until the stack has been told to forget it", async () => {
    await kill(lab, host);
    const refused = await destroy();
    expect(refused.code).not.toBe(0);
    expect(refused.errors.join()).toContain("rpi3 (10.42.0.253): no answer");
    expect(refused.errors.join()).toContain("`npx bramble forget rpi3`");

    const output = await inLabOk(["bramble", "forget", "rpi3", "--yes"], { cwd: projectFolder });
    for (const step of ["stop bramble-con3.service", "stop kafka.service", "remove account and data"]) {
      expect(output).toContain(`not done: ${step}`);
    }
    succeeded(await destroy());
    for (const name of hosts.filter((each) => each !== host.name)) expect(await onHost(name, left)).toBe("");
  });

  story("when it is back, what stayed on it goes with the script that forget wrote", async () => {
    await start(lab, host);
    expect((await onHost(host.name, left)).split("\n")).toEqual(places);
    const refused = await preview();
    expect(refused.code).not.toBe(0);
    expect(refused.errors.join()).toContain(
      "rpi3 (10.42.0.253): the host has data of another cluster, or of one that was destroyed while the host was off",
    );
    expect(refused.errors.join()).toContain("left-on-rpi3.sh");
    const script = join(projectFolder, "left-on-rpi3.sh");
    await onHost(host.name, "sudo sh", { input: readFileSync(script) });
    rmSync(script);
    expect(await onHost(host.name, left)).toBe("");
    expect(
      await onHost(host.name, "systemctl list-unit-files --no-legend 'kafka*' 'zookeeper*' 'bramble*' || true"),
    ).toBe("");
    expect((await preview()).code).toBe(0);
  });
});
