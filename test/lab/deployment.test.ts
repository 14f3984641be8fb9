import { beforeAll, describe, expect } from "@jest/globals";
import { projectFolder } from "../../lab/lab.ts";
import { bareWith } from "./support/deployed.ts";
import { eventually } from "./support/eventually.ts";
import { gapIn, printed } from "./support/journal.ts";
import { committedValues, consumedValues, kafkaTool, metadata, produce } from "./support/kafka.ts";
import { aboveThreshold, ewma, movingAverage } from "./support/known-values.ts";
import { chaining, edited, writePipeline } from "./support/pipeline-files.ts";
import { type Ended, inLab, inLabOk, onHost, onHosts } from "./support/programs.ts";
import { configFile, configure, mustUp, type PulumiRun, preview, readEvents, succeeded, up } from "./support/stack.ts";
import { story } from "./support/story.ts";
import { restarted, unitStates, unitsOf } from "./support/units.ts";
import { hosts } from "./support/virtual-pis.ts";

let first: PulumiRun;
let beside: Ended;

beforeAll(async () => {
  await bareWith("pipelines/kafka_chaining.yaml");
  const deploying = up();
  await eventually("the first `up` is at work", 60_000, async () => expect(readEvents()).not.toEqual([]));
  const flags = ["--yes", "--skip-preview", "--non-interactive", "--stack", "rpi", "--config-file", configFile];
  beside = await inLab(["pulumi", "up", ...flags], { cwd: projectFolder });
  first = await deploying;
});

describe("the first deployment to four bare Pis", () => {
  story("succeeds, with nothing to warn about", async () => {
    succeeded(first);
    expect(Object.keys(first.counts)).toEqual(["create"]);
    // Where the command plugin cannot be downloaded, Pulumi says that it takes the stand-in.
    expect(first.warnings.filter((warning) => !/^using pulumi-resource-command from/.test(warning))).toEqual([]);
  });

  story("is left alone by a second `up` beside it, which is told who is at work", async () => {
    expect(beside.code).not.toBe(0);
    expect(beside.stdout + beside.stderr).toMatch(/the stack is currently locked[\s\S]*created by \S+ \(pid \d+\)/);
  });

  story("leaves every unit enabled and active, none of them restarted", async () => {
    const states = await unitStates();
    expect(Object.keys(states).sort()).toEqual(unitsOf(chaining, hosts));
    for (const [unit, { active, enabled, restarts }] of Object.entries(states)) {
      expect({ unit, active, enabled, restarts }).toEqual({
        unit,
        active: "active",
        enabled: "enabled",
        restarts: "0",
      });
    }
    expect(await onHosts("systemctl is-system-running")).toEqual(allHosts("running"));
  });

  story("one ZooKeeper ensemble: three voters, one of them leading, and an observer", async () => {
    const ask = "exec 3<>/dev/tcp/127.0.0.1/2181; echo mntr >&3; cat <&3";
    const answers = await onHosts(`timeout 5 bash -c '${ask}'`);
    const told = (host: string, key: string) => new RegExp(`^zk_${key}\\s+(\\S+)`, "m").exec(answers[host] ?? "")?.[1];
    expect(hosts.map((host) => told(host, "server_state")).sort()).toEqual([
      "follower",
      "follower",
      "leader",
      "observer",
    ]);
    expect(told("rpi3", "server_state")).toBe("observer");
    const leader = hosts.find((host) => told(host, "server_state") === "leader") ?? "";
    expect([told(leader, "synced_followers"), told(leader, "synced_observers")]).toEqual(["2", "1"]);
  });

  story("one Kafka cluster of four brokers, known to clients by addresses that they can reach", async () => {
    const ids = await onHosts(
      "/opt/kafka/bin/kafka-cluster.sh cluster-id --bootstrap-server localhost:9092 | tail -n 1",
    );
    expect(new Set(Object.values(ids))).toEqual(new Set([expect.stringMatching(/^Cluster ID: \S{22}$/)]));
    expect(new Set(Object.values(ids)).size).toBe(1);
    const { brokers } = await metadata();
    expect(brokers.map(({ id, name }) => `${id} ${name}`).sort()).toEqual([
      "0 10.42.0.250:9092",
      "1 10.42.0.251:9092",
      "2 10.42.0.252:9092",
      "3 10.42.0.253:9092",
    ]);
  });

  story("data lies where a reboot leaves it alone", async () => {
    const described = await kafkaTool("rpi0", "kafka-log-dirs.sh", "--describe");
    const { brokers } = JSON.parse(described.split("\n").at(-1) ?? "");
    expect(
      brokers.map(({ logDirs }: { logDirs: { logDir: string }[] }) => logDirs.map(({ logDir }) => logDir)),
    ).toEqual(hosts.map(() => ["/var/lib/kafka"]));
    const files = "sudo find /tmp /var/tmp -ipath '*kafka*' -o -ipath '*zookeeper*' | grep -v systemd-private";
    expect(await onHosts(`sudo ls /var/lib/zookeeper; ${files} || true`)).toEqual(allHosts("myid\nversion-2"));
  });

  story("services run without rights, under users of their own", async () => {
    const users = await onHost(
      "rpi2",
      "ps -o user= -p $(systemctl show --value -p MainPID bramble-con2 kafka | xargs)",
    );
    expect(users.split("\n").sort()).toEqual([expect.stringMatching(/^bramble|^\d+$/), "kafka"].sort());
  });

  story("`pulumi stack output` tells what there is", async () => {
    const argv = ["pulumi", "stack", "output", "--json", "--stack", "rpi"];
    expect(JSON.parse(await inLabOk(argv, { cwd: projectFolder }))).toEqual({
      bootstrapServers: hosts.map((_, broker) => `10.42.0.25${broker}:9092`),
      services: chaining,
      topics: expect.arrayContaining(["temperatures_ewma", "temperatures_moving_average"]),
    });
  });

  story("a second `up` changes nothing and restarts nothing", async () => {
    const before = await unitStates();
    const second = await mustUp();
    expect(second.counts).toEqual({});
    expect(second.changes).toEqual({});
    expect(restarted(before, await unitStates())).toEqual([]);
  });

  story("the ten, nine and eight known values arrive, in the topics and in the journals", async () => {
    await eventually("the last moving average is printed", 120_000, async () =>
      expect(gapIn(await printed("rpi3", "out_avg"), movingAverage)).toEqual({}),
    );
    await eventually("the last EWMA is printed", 10_000, async () =>
      expect(gapIn(await printed("rpi2", "out_ewma"), ewma)).toEqual({}),
    );
    expect(await committedValues("temperatures_above_threshold")).toEqual(aboveThreshold);
    expect(await committedValues("temperatures_ewma")).toEqual(ewma);
    expect(await committedValues("temperatures_moving_average")).toEqual(movingAverage);
  });

  story("`bramble status` says that all is well, and what is not after a unit was stopped by hand", async () => {
    const status = async (...flags: string[]) => {
      const { code, stdout } = await inLab(
        ["bramble", "status", ...flags, "--pipeline", "pipelines/kafka_chaining.yaml"],
        {
          cwd: projectFolder,
        },
      );
      return { code, stdout };
    };
    // A transaction has two ends: when its records can be read, and when the group has the position behind them.
    await eventually("all is well", 30_000, async () => {
      const { code, stdout } = await status();
      expect(stdout).toMatch(/^out_avg +rpi3 +active .+ consuming temperatures_moving_average, partition 0$/m);
      expect(stdout).toMatch(/^con3 +temperatures_above_threshold\/0 +\d+ +0 +0$/m);
      expect([code, stdout.trimEnd().split("\n").at(-1)]).toEqual([0, "All is well."]);
    });
    await onHost("rpi3", "sudo systemctl stop bramble-out_avg");
    const { code, stdout } = await status("--json");
    const { problems } = JSON.parse(stdout) as { problems: { what: string; next: string }[] };
    expect(problems.map(({ what }) => what)).toEqual(["rpi3: bramble-out_avg.service is inactive."]);
    const [, command = ""] = /: (npx bramble lab ssh .*)$/.exec(problems[0]?.next ?? "") ?? [];
    expect(await inLabOk(command.split(" ").slice(1), { cwd: projectFolder })).toMatch(
      /Stopped bramble-out_avg.service/,
    );
    expect(code).toBe(1);
    await onHost("rpi3", "sudo systemctl start bramble-out_avg");
  });

  story("KRaft in the file of a cluster with ZooKeeper is refused by preview, with the way out", async () => {
    const before = await unitStates();
    const host = "rpi3: 10.42.0.253\n";
    configure({ pipeline: writePipeline("kafka_chaining", edited("kafka_chaining", [host, `${host}  kraft: {}\n`])) });
    const { code, errors } = await preview();
    expect(code).not.toBe(0);
    const found = "the records of a cluster with ZooKeeper; expected none, or those of a cluster with KRaft.";
    const refusals = errors.filter((error) => error.includes(found));
    expect(refusals).not.toEqual([]);
    expect(refusals.filter((error) => !error.includes("`pulumi destroy`"))).toEqual([]);
    expect(restarted(before, await unitStates())).toEqual([]);
    configure({ pipeline: "pipelines/kafka_chaining.yaml" });
  });

  story("a kafka-python consumer like the course's reads the nine averages", async () => {
    expect(await consumedValues("temperatures_ewma", ewma.length)).toEqual(ewma);
  });
});

describe("an edit of `above: 50` to `above: 55`", () => {
  let before: Awaited<ReturnType<typeof unitStates>>;

  beforeAll(async () => {
    before = await unitStates();
    configure({ pipeline: writePipeline("kafka_chaining", edited("kafka_chaining", ["above: 50", "above: 55"])) });
  });

  story("is shown by preview as a change of con1 and of nothing else", async () => {
    const { changes } = succeeded(await preview());
    expect(changes).toEqual({
      "con1-release": { op: "replace", fields: expect.arrayContaining(["path"]) },
      "con1-unit": { op: "update", fields: expect.arrayContaining(["content"]) },
    });
  });

  story("is made by up: con1 is restarted and nothing else, which goes on where it was", async () => {
    const { changes } = await mustUp();
    expect(Object.keys(changes).sort()).toEqual(["con1-release", "con1-unit"]);
    expect(restarted(before, await unitStates())).toEqual(["rpi1/bramble-con1.service"]);
    const releases = await onHost("rpi1", "ls /opt/bramble/releases/con1");
    expect(releases.split("\n")).toHaveLength(1);
    expect(await committedValues("temperatures_above_threshold")).toEqual(aboveThreshold);
    expect((await mustUp()).counts).toEqual({});
  });

  story("a kafka-python producer drives con1, and what follows goes on from the state that it had", async () => {
    await produce("temperatures_fahrenheit", [54.9, 55, 55.5, 80]);
    const average = (...values: number[]) => values.reduce((sum, value) => sum + value) / values.length;
    await eventually("the averages of the new values are printed", 30_000, async () => {
      expect((await printed("rpi2", "out_ewma")).slice(-2).map(Number)).toEqual([
        expect.closeTo(0.5 * 55.5 + 0.5 * 62.740625, 9),
        expect.closeTo(0.5 * 80 + 0.5 * (0.5 * 55.5 + 0.5 * 62.740625), 9),
      ]);
      expect((await printed("rpi3", "out_avg")).slice(-2).map(Number)).toEqual([
        expect.closeTo(average(60.8, 66.2, 55.5), 9),
        expect.closeTo(average(66.2, 55.5, 80), 9),
      ]);
    });
    expect(await committedValues("temperatures_above_threshold")).toEqual([...aboveThreshold, "55.5", "80"]);
  });
});

function allHosts<T>(value: T): Record<string, T> {
  return Object.fromEntries(hosts.map((host) => [host, value]));
}
