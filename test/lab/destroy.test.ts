import { spawn, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect } from "@jest/globals";
import { execInLab } from "../../lab/enter.ts";
import { projectFolder } from "../../lab/lab.ts";
import { bareWith } from "./support/deployed.ts";
import { eventually } from "./support/eventually.ts";
import { brokers, type metadata } from "./support/kafka.ts";
import { knownValuesArrive } from "./support/known-values.ts";
import { edited, fast, writePipeline } from "./support/pipeline-files.ts";
import { inLabOk, onHosts } from "./support/programs.ts";
import { placesOf, withArgumentsWatched } from "./support/secrets.ts";
import { configFile, configure, configureSecret, destroy, mustUp, succeeded, up, workspace } from "./support/stack.ts";
import { story } from "./support/story.ts";
import { hosts, lab, leaveToNobody } from "./support/virtual-pis.ts";
import { differences, type WholeHost, wholeHosts } from "./support/whole-host.ts";

/** More of them: BRAMBLE_TEST_ROUNDS=10 make test ONLY=destroy */
const rounds = Number(process.env.BRAMBLE_TEST_ROUNDS ?? 3);

const password = 'Gr0ße\'Kühe & $HOME "nachts"';

let bare: WholeHost;

beforeAll(async () => {
  await bareWith("pipelines/kafka_chaining.yaml");
  configure({ pipeline: writePipeline("kafka_chaining", edited("kafka_chaining", fast)) });
  await onHosts("sudo chpasswd", hosts, { input: `pi:${password}\n` });
  bare = await wholeHosts();
});

/** Destroys, and looks from outside: at Kafka until its brokers go, then at all there is on the hosts. */
async function destroyedWithoutTrace(): Promise<void> {
  const list = `while :; do kcat -L -J -m 2 -b ${brokers} 2>/dev/null; echo; done`;
  const { argv, env } = execInLab(lab, ["sh", "-c", list]);
  const watcher = spawn(argv[0] ?? "", argv.slice(1), { env, stdio: ["ignore", "pipe", "ignore"] });
  let listings = "";
  watcher.stdout.on("data", (data: Buffer) => (listings += data));
  try {
    await eventually("the topics are listed", 20_000, () => expect(listings).toContain("temperatures_ewma"));
    succeeded(await destroy());
  } finally {
    watcher.kill("SIGKILL");
  }
  const last =
    listings
      .split("\n")
      .filter((line) => /^{.*}$/.test(line))
      .at(-1) ?? "{}";
  const { topics } = JSON.parse(last) as Awaited<ReturnType<typeof metadata>>;
  // Kafka's own go with the brokers.
  expect(topics.map(({ topic }) => topic).sort()).toEqual(["__consumer_offsets", "__transaction_state"]);

  const gone = `systemctl list-unit-files --no-legend 'kafka*' 'zookeeper*' 'bramble*'; systemctl list-units --all --no-legend 'kafka*' 'zookeeper*' 'bramble*'
    pgrep -a 'java|node'; sudo ss -ltnH | grep -E ':(9092|2181|2888|3888) '; getent passwd kafka; getent group kafka; ls -d /run/bramble* 2>/dev/null; true`;
  expect(await onHosts(gone)).toEqual(Object.fromEntries(hosts.map((host) => [host, ""])));
  expect(await onHosts("systemctl is-system-running")).toEqual(
    Object.fromEntries(hosts.map((host) => [host, "running"])),
  );
  expect(differences(bare, await wholeHosts())).toEqual([]);
}

describe(`up and destroy, ${rounds} times in a row`, () => {
  afterAll(leaveToNobody);

  story("with a password of one's own, which is nowhere to be read", async () => {
    const refused = await up();
    expect(refused.errors.join()).toContain("was refused with the configured password");
    await configureSecret("password", password);
    const [{ output }, argued] = await withArgumentsWatched(password, () => mustUp("--logtostderr", "-v=9"));
    expect(argued).toEqual([]);
    expect(output.split("\n").filter((line) => line.includes(password))).toEqual([]);
    expect(await placesOf(password)).toEqual([]);
    // It is in the state, for who has the passphrase.
    const exported = ["pulumi", "stack", "export", "--stack", "rpi"];
    expect(await inLabOk(exported, { cwd: projectFolder })).not.toContain("nachts");
    expect(await inLabOk([...exported, "--show-secrets"], { cwd: projectFolder })).toContain("nachts");
    await knownValuesArrive();
    await destroyedWithoutTrace();
  });

  story("with a private key, which is nowhere to be read", async () => {
    const file = join(workspace, "key-of-a-student");
    spawnSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "a student", "-f", file]);
    const key = readFileSync(file, "utf8");
    const secret = key.split("\n")[2] ?? "";
    expect(secret.length).toBeGreaterThan(40);
    await onHosts("cat >> .ssh/authorized_keys", hosts, { input: readFileSync(`${file}.pub`) });
    bare = await wholeHosts();
    configure({ password: undefined });
    await configureSecret("privateKey", key);
    const [{ output }, argued] = await withArgumentsWatched(secret, () => mustUp());
    expect(argued).toEqual([]);
    expect(output).not.toContain(secret);
    expect(await placesOf(secret)).toEqual([file]);
    expect(readFileSync(configFile, "utf8")).toMatch(/bramble:privateKey:\n\s+secure: /);
    await knownValuesArrive();
    await destroyedWithoutTrace();
  });

  for (let round = 3; round <= rounds; round++) {
    story(`and once more (${round})`, async () => {
      await mustUp();
      await knownValuesArrive();
      await destroyedWithoutTrace();
    });
  }
});
