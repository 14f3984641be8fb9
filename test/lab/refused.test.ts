import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeAll, beforeEach, describe, expect } from "@jest/globals";
import { kafkaSeries } from "../../declaration/kafka-versions.ts";
import { kill, reflash, start } from "../../lab/faults.ts";
import { projectFolder } from "../../lab/lab.ts";
import { cacheFolder } from "../../setup/cache.ts";
import { eventually } from "./support/eventually.ts";
import { onHost, onHosts, overSsh } from "./support/programs.ts";
import { configure, configureSecret, newStack, type PulumiRun, preview, trust, up } from "./support/stack.ts";
import { story } from "./support/story.ts";
import { flashAll, hostOf, hosts, lab } from "./support/virtual-pis.ts";
import { differences, type WholeHost, wholeHosts } from "./support/whole-host.ts";

const pipeline = "pipelines/kafka_chaining.yaml";
const javaExpected = "expected Java 11 or newer. Install it: `sudo apt-get install openjdk-17-jre-headless`.";

let bare: WholeHost;

beforeAll(async () => {
  await flashAll();
  await newStack();
  configure({ pipeline });
  await trust();
  bare = await wholeHosts();
});

beforeEach(() => configure({ pipeline, password: undefined }));

/** The sentences that name a host, in its order. */
function sentences({ errors, output }: PulumiRun): string[] {
  const lines = errors.flatMap((error) =>
    error.split("\n").map((line) => line.replace(/^Preview failed: |^\s*\* /, "")),
  );
  const found = lines.filter((line) => /^rpi\d \(10\.42\.0\.25\d\): /.test(line)).sort();
  if (found.length === 0) throw new Error(`no sentence names a host:\n${output}`);
  return found;
}

describe("a pipeline file with mistakes", () => {
  const faulty = "test/declaration/faulty/everything-at-once.yaml";
  const diagnostics = readFileSync(join(projectFolder, faulty.replace(".yaml", ".txt")), "utf8")
    .trimEnd()
    .split("\n");
  const lines = (output: string) =>
    output.split("\n").map((line) => line.trim().replace("error: ", "").replace(`${projectFolder}/`, ""));

  /** How often anything has spoken to sshd, whether it logged in or not. */
  const count =
    "sudo journalctl --unit=ssh --output=cat | grep -cE '^(Accepted|Failed|Connection|Invalid|banner|kex)' || true";

  story("is refused by preview and by up with every mistake at its place, before any host is spoken to", async () => {
    configure({ pipeline: faulty });
    const before = await onHosts(count);
    for (const run of [await preview(), await up()]) {
      expect(run.code).not.toBe(0);
      expect(lines(run.output).filter((line) => line.startsWith(faulty))).toEqual(diagnostics);
    }
    expect(await onHosts(count)).toEqual(before);
  });
});

describe("hosts that cannot be deployed to", () => {
  afterEach(async () => {
    expect(differences(bare, await wholeHosts())).toEqual([]);
  });

  story("no pinned key: `up` says so and names the command that pins it", async () => {
    const pinned = readFileSync(lab.knownHosts, "utf8");
    writeFileSync(lab.knownHosts, pinned.replaceAll(/^10\.42\.0\.25[12] .*\n/gm, ""));
    const run = await up();
    expect(run.code).not.toBe(0);
    expect(sentences(run)).toEqual([
      `rpi1 (10.42.0.251): no pinned host key in ${lab.knownHosts}.`,
      `rpi2 (10.42.0.252): no pinned host key in ${lab.knownHosts}.`,
    ]);
    expect(run.output).toContain("Run `npx bramble trust`, which shows the fingerprints and pins them.");
    await trust();
    expect(readFileSync(lab.knownHosts, "utf8").split("\n").sort()).toEqual(pinned.split("\n").sort());
  });

  story("a wrong password", async () => {
    await configureSecret("password", "not-the-password");
    const run = await up();
    expect(run.code).not.toBe(0);
    expect(sentences(run)).toEqual(
      hosts.map(
        (host) =>
          `${host} (${hostOf(host).address}): user pi was refused with the configured password. Set the right one: \`pulumi config set --secret bramble:password\`. Then run \`pulumi up --run-program\`, which uses the new login from the start.`,
      ),
    );
    expect(run.output).not.toContain("not-the-password");
  });

  story("a host that does not answer and one that was reflashed, in one go", async () => {
    await kill(lab, hostOf("rpi1"));
    await reflash(lab, hostOf("rpi3"));
    bare = { ...bare, ...(await wholeHosts(["rpi3"])) };
    const run = await up();
    await start(lab, hostOf("rpi1"));
    const shown = await trust("rpi3");
    expect(run.code).not.toBe(0);
    const [silent, changed] = sentences(run);
    expect(silent).toMatch(
      /^rpi1 \(10\.42\.0\.251\): no answer from 10\.42\.0\.251 port 22 \(.*\)\. Check the Pi's power and cable, and that this machine is on its network\. If the Pi has a new address: .*`pulumi up --run-program`\. If the Pi is gone for good: `npx bramble forget rpi1`\.$/,
    );
    expect(changed).toMatch(
      /^rpi3 \(10\.42\.0\.253\): its host key is SHA256:\S+ \(\S+\); expected the pinned SHA256:.*\. If the Pi was reflashed, run `npx bramble trust rpi3`; if not, another machine answers at its address\.$/,
    );
    expect(sentences(run)).toHaveLength(2);

    expect(shown).toContain("CHANGED");
    // What the host itself says its keys are.
    const fingerprint = await onHost("rpi3", "ssh-keygen -l -f /etc/ssh/ssh_host_ed25519_key.pub | awk '{print $2}'");
    expect(shown).toContain(fingerprint);
  });

  story("no Java, a full disk, another Kafka, and a ZooKeeper started by hand: all of them in one go", async () => {
    await onHost("rpi0", "sudo mv /usr/bin/java /usr/bin/java.away");
    await onHost("rpi1", "sudo mount -t tmpfs -o size=100M tmpfs /opt");
    await onHost("rpi2", "sudo mkdir -p /opt/kafka/libs && sudo touch /opt/kafka/libs/kafka_2.13-3.8.0.jar");
    await onHost("rpi3", "mkdir kafka && tar -xzf - -C kafka --strip-components=1", {
      input: readFileSync(join(cacheFolder(), `kafka/kafka_2.13-${kafkaSeries.zookeeper.version}.tgz`)),
    });
    await overSsh("rpi3", "cd kafka && bin/zookeeper-server-start.sh -daemon config/zookeeper.properties");
    await eventually("the ZooKeeper that was started by hand listens", 30_000, () =>
      onHost("rpi3", "ss -ltnH 'sport = :2181' | grep -q ."),
    );
    const spoilt = await wholeHosts();
    const runs = [await preview(), await up()];
    const touched = differences(spoilt, await wholeHosts());
    await onHost("rpi0", "sudo mv /usr/bin/java.away /usr/bin/java");
    await onHost("rpi1", "sudo umount /opt");
    await onHost("rpi2", "sudo rm -r /opt/kafka");
    await onHost("rpi3", "kafka/bin/zookeeper-server-stop.sh; rm -rf kafka /tmp/zookeeper");

    for (const run of runs) {
      expect(run.code).not.toBe(0);
      const found = sentences(run);
      expect(found).toHaveLength(4);
      expect(found[0]).toBe(`rpi0 (10.42.0.250): Java is not installed; ${javaExpected}`);
      expect(found[1]).toMatch(
        /^rpi1 \(10\.42\.0\.251\): the disk has (9\d|100) MB free; expected at least 1024 MB\. Free some space, or use a larger card\.$/,
      );
      expect(found[2]).toMatch(
        /^rpi2 \(10\.42\.0\.252\): \/opt\/kafka has Kafka 3\.8\.0; expected Kafka 3\.9\.2\. Write `version: 3\.8\.0` into/,
      );
      expect(found[3]).toMatch(
        /^rpi3 \(10\.42\.0\.253\): port 2181 is in use by pid \d+ \(java .*\)\. Stop that process \(perhaps a daemon started by hand\); zookeeper\.service needs the port\./,
      );
    }
    // The ZooKeeper that was started by hand writes where the course's settings have it.
    expect(touched.filter((line) => !line.includes(" /home/pi/kafka/logs/"))).toEqual([]);
  });
});
