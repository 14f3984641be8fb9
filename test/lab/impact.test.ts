import { afterAll, beforeAll, describe, expect } from "@jest/globals";
import { projectFolder } from "../../lab/lab.ts";
import { restoreDeployed } from "./support/deployed.ts";
import { eventually } from "./support/eventually.ts";
import { committedValues, kafkaTool, produce } from "./support/kafka.ts";
import { ewma } from "./support/known-values.ts";
import { edited, fast, writePipeline } from "./support/pipeline-files.ts";
import { inLab, inLabOk, onHost } from "./support/programs.ts";
import { configFile, configure, mustUp, preview, readEvents } from "./support/stack.ts";
import { story } from "./support/story.ts";
import { restarted, unitStates } from "./support/units.ts";
import { leaveToNobody } from "./support/virtual-pis.ts";

type Edit = readonly [from: string, to: string];

const continues = "it continues where it stopped, after a pause of a few seconds.";
const first: readonly Edit[] = [
  ["above: 50", "above: 55"],
  ["con2:\n    on: rpi2", "con2:\n    on: rpi3"],
];
const second: readonly Edit[] = [
  ...first,
  ["rpi3: 10.42.0.253", "rpi3: 10.42.0.253\n  kafka: { config: { log.retention.hours: 24 } }"],
  ["\nservices:", "\ntopics:\n  temperatures_fahrenheit: { partitions: 2 }\n\nservices:"],
  ["moving-average: { over: 3 }", "ewma: { alpha: 0.5 }"],
  ["out_avg:", "out_mean:"],
  [
    "  out_mean:",
    "  recorder: { on: rpi3, source: { file: /var/log/sensor.txt, follow: true }, sink: { file: seen.txt } }\n  out_mean:",
  ],
];

function want(edits: readonly Edit[]): string {
  const pipeline = writePipeline("kafka_chaining", edited("kafka_chaining", fast, ...edits));
  configure({ pipeline });
  return pipeline;
}

/** What `bramble diff` prints, line by line, and the exit code. */
async function diff(): Promise<[code: number | null, lines: string[]]> {
  const flags = ["--config-file", configFile];
  const { code, stdout, stderr } = await inLab(["bramble", "diff", "--", ...flags], { cwd: projectFolder });
  return [code, (stdout + stderr).trim().split("\n")];
}

/** When systemd said this of a unit, in seconds. */
async function saidAt(host: string, service: string, word: "Stopped" | "Starting"): Promise<number> {
  const journal = `sudo journalctl --quiet --output=short-unix --unit=bramble-${service}`;
  return Number((await onHost(host, `${journal} | grep -F ' ${word} ' | tail -n 1`)).split(" ")[0]);
}

beforeAll(async () => {
  await restoreDeployed();
  want([]);
});

// One Pi fewer is nothing for the next file.
afterAll(leaveToNobody);

describe("a parameter, another Pi, and a unit stopped by hand", () => {
  const said = [
    `con1 on rpi1 restarts with above: 55 (was 50): ${continues}`,
    `con2 moves from rpi2 to rpi3: it stops on rpi2 before it starts on rpi3; it keeps its state (changelog kafka_chaining-con2-changelog); ${continues}`,
    "the unit of out_avg on rpi3 was stopped by hand: it starts again.",
    "Nothing else is touched.",
  ];

  story("nothing to do is said to be nothing", async () => {
    expect(await diff()).toEqual([0, ["Nothing changes."]]);
  });

  story("are told alike by `bramble diff` and at the end of `pulumi preview`", async () => {
    want(first);
    await onHost("rpi3", "sudo systemctl stop bramble-out_avg");
    expect(await diff()).toEqual([2, said]);
    await preview();
    const output = readEvents().flatMap(({ diagnosticEvent: event }) =>
      event?.urn?.includes(":Impact::") ? [event.message.trim()] : [],
    );
    expect(output).toEqual([said.join("\n")]);
  });

  story("and happen as told: what restarts, the order of the move, and the state", async () => {
    const before = await unitStates();
    await mustUp();
    expect(restarted(before, await unitStates())).toEqual([
      "rpi1/bramble-con1.service",
      "rpi2/bramble-con2.service",
      "rpi3/bramble-con2.service",
      "rpi3/bramble-out_avg.service",
    ]);
    expect(await saidAt("rpi2", "con2", "Stopped")).toBeLessThan(await saidAt("rpi3", "con2", "Starting"));
    await produce("temperatures_fahrenheit", [54, 80]);
    await eventually("con2 goes on from its state, with what con1 lets pass now", 60_000, async () =>
      expect((await committedValues("temperatures_ewma")).slice(ewma.length).map(Number)).toEqual([
        expect.closeTo(0.5 * 80 + 0.5 * 62.740625, 9),
      ]),
    );
    expect(await diff()).toEqual([0, ["Nothing changes."]]);
  });
});

describe("records that are read again", () => {
  const averages = [...ewma.map(Number), expect.closeTo(0.5 * 80 + 0.5 * 62.740625, 9)];
  const bramble = (...args: string[]) =>
    inLabOk(["bramble", ...args, "--pipeline", want(first)], { cwd: projectFolder, timeoutMs: 180_000 });
  const numbers = async (topic: string) => (await committedValues(topic)).map(Number);

  story("go into a topic of their own, and the service does not know", async () => {
    const before = await unitStates();
    const output = await bramble("replay", "con2", "--from", "beginning", "--to", "trial");
    expect(output.split("\n").at(-1)).toBe(`trial: ${averages.length} records written.`);
    expect(await numbers("trial")).toEqual(averages);
    expect(await numbers("temperatures_ewma")).toEqual(averages);
    expect(restarted(before, await unitStates())).toEqual([]);
  });

  story("come again in the outputs, from no state, once the command is sure", async () => {
    const unsure = await inLab(["bramble", "replay", "con2", "--from", "2d", "--pipeline", want(first)], {
      cwd: projectFolder,
    });
    expect(unsure).toMatchObject({ code: 1, stderr: expect.stringContaining("To answer yes, add --yes.") });
    expect(unsure.stdout).toMatch(
      /^con2 will read again:\n {2}temperatures_above_threshold\/0 {2}from offset 0: +\d+ records/,
    );
    expect(unsure.stdout).toContain("to temperatures_ewma (read by out_ewma).");
    const output = await bramble("replay", "con2", "--from", "2d", "--yes");
    expect(output.split("\n").at(-1)).toBe("con2 was sent back. It starts reading there within seconds.");
    await eventually("the averages are there twice", 60_000, async () =>
      expect(await numbers("temperatures_ewma")).toEqual([...averages, ...averages]),
    );
  });

  story("one that could not be processed is told, and goes back to who refused it", async () => {
    await produce("temperatures_above_threshold", ["warm"]);
    await eventually("it is a dead letter", 60_000, async () =>
      expect(await bramble("deadletters", "con2")).toContain('expected a JSON number, found "\\"warm\\""'),
    );
    expect(await bramble("deadletters", "con2", "--replay", "--yes")).toBe(
      "con2: 1 dead letter put back, for con2 alone.",
    );
    await eventually("it is refused again, by con2 alone", 60_000, async () => {
      const counts = (await bramble("deadletters")).split("\n").map((line) => line.split(/ +/).slice(0, 3));
      expect(counts).toEqual(
        expect.arrayContaining([
          ["con2", "1", "0"],
          ["con3", "1", "0"],
        ]),
      );
    });
  });
});

describe("what cannot be done safely", () => {
  const withoutServicesOn = (host: string, other: string): Edit[] => [...first, [`on: ${host}`, `on: ${other}`]];

  story("is refused, in preview, and touches nothing", async () => {
    const before = await unitStates();
    want([...withoutServicesOn("rpi0", "rpi1"), ["    rpi0: 10.42.0.250\n", ""]]);
    const [code, lines] = await diff();
    expect(code).toBe(1);
    for (const id of [1, 2, 3]) {
      expect(lines.join("\n")).toContain(`write \`rpi${id}: { address: 10.42.0.25${id}, id: ${id} }\` there`);
    }
    expect(restarted(before, await unitStates())).toEqual([]);
  });
});

describe("a broker setting, more partitions, another operator and another name", () => {
  story("are told", async () => {
    want(second);
    const [code, lines] = await diff();
    expect(code).toBe(2);
    expect(lines).toEqual([
      expect.stringMatching(
        /^brokers on rpi0, rpi1, rpi2 and rpi3 restart \(log\.retention\.hours 24\), one at a time; .*temperatures_ewma.* are unavailable for about 10 s, as they have no other replica\.$/,
      ),
      `topics ${["out_mean-dead-letters", "recorder-changelog"].map((name) => `kafka_chaining-${name}`).join(", ")} and kafka_chaining-recorder-dead-letters are new (1 partition, replication factor 3).`,
      "topic kafka_chaining-out_avg-dead-letters is deleted; it is empty.",
      "topic temperatures_fahrenheit grows from 1 to 2 partitions.",
      "out_avg on rpi3 is stopped before anything else changes, then removed.",
      `con3 on rpi3 restarts with apply: [ewma] (was [moving-average]): the state of moving-average (step 1) is dropped; ewma (step 1) starts without state; ${continues}`,
      "out_mean is new on rpi3: it reads temperatures_moving_average from the first unread record.",
      "recorder is new on rpi3: it reads /var/log/sensor.txt from the beginning, and writes /var/lib/bramble-recorder/seen.txt.",
      "Nothing else is touched.",
    ]);
  });

  story("and happen as told", async () => {
    const before = await unitStates();
    await mustUp();
    expect(restarted(before, await unitStates())).toEqual([
      ...["rpi0", "rpi1", "rpi2"].map((host) => `${host}/kafka.service`),
      ...["con3", "out_avg", "out_mean", "recorder"].map((service) => `rpi3/bramble-${service}.service`),
      "rpi3/kafka.service",
    ]);
    expect(await saidAt("rpi3", "out_avg", "Stopped")).toBeLessThan(await saidAt("rpi3", "out_mean", "Starting"));
    const described = await kafkaTool("rpi0", "kafka-topics.sh", "--describe --topic temperatures_fahrenheit");
    expect(described).toContain("PartitionCount: 2");
    await produce("temperatures_above_threshold", [60, 70]);
    await eventually("con3 begins with no state: the first value seeds it", 60_000, async () =>
      expect((await committedValues("temperatures_moving_average")).at(-1)).toBe("65"),
    );
    expect(await diff()).toEqual([0, ["Nothing changes."]]);
  });
});

describe("a file on a Pi", () => {
  const seen = "/var/lib/bramble-recorder/seen.txt";
  const grow = (host: string, from: number, to: number) =>
    onHost(host, `seq ${from} ${to} | sudo tee -a /var/log/sensor.txt >/dev/null`);
  const linesOn = async (host: string, path = seen) => (await onHost(host, `sudo cat ${path}`)).trim().split("\n");
  const numbers = (from: number, to: number) => Array.from({ length: 1 + to - from }, (_, i) => String(from + i));

  story("is followed, and its values are written to another, each once, through kill -9 and a new name", async () => {
    await grow("rpi3", 1, 50);
    await eventually("the first values are written", 60_000, async () =>
      expect(await linesOn("rpi3")).toEqual(numbers(1, 50)),
    );
    await grow("rpi3", 51, 80);
    await onHost("rpi3", "sudo systemctl kill --signal=SIGKILL bramble-recorder.service");
    await grow("rpi3", 81, 100);
    await eventually("it goes on where it was", 60_000, async () =>
      expect(await linesOn("rpi3")).toEqual(numbers(1, 100)),
    );
    await onHost("rpi3", `sudo mv ${seen} ${seen}.1`);
    await grow("rpi3", 101, 110);
    await eventually("a new file begins", 60_000, async () => {
      expect(await linesOn("rpi3")).toEqual(numbers(101, 110));
      expect(await linesOn("rpi3", `${seen}.1`)).toEqual(numbers(1, 100));
    });
  });

  story("stays where it is when its service moves, which begins another", async () => {
    want([...second, ["recorder: { on: rpi3", "recorder: { on: rpi2"]]);
    const [code, lines] = await diff();
    expect({ code, lines }).toMatchObject({ code: 2 });
    expect(lines).toContainEqual(
      expect.stringMatching(
        /^recorder moves from rpi3 to rpi2: .*; its file \/var\/lib\/bramble-recorder\/seen\.txt stays on rpi3; it starts a new file\.$/,
      ),
    );
    await mustUp();
    await grow("rpi2", 7, 9);
    await eventually("it follows the file of the other Pi", 60_000, async () =>
      expect(await linesOn("rpi2")).toEqual(numbers(7, 9)),
    );
    expect(await linesOn("rpi3")).toEqual(numbers(101, 110));
  });
});

describe("a Pi that is taken out", () => {
  story("goes with its services and its broker's replicas moved to the others first", async () => {
    want([...second, ["on: rpi3", "on: rpi2"], ["    rpi3: 10.42.0.253\n", ""]]);
    const [code, lines] = await diff();
    expect({ code, lines }).toMatchObject({ code: 2 });
    expect(lines).toContainEqual(
      expect.stringMatching(
        /^the replicas of \d+ topics on the broker of rpi3 are first moved to the other brokers\.$/,
      ),
    );
    expect(lines).toContain(
      "rpi3 leaves the cluster: everything that bramble installed on it is removed, and its data are wiped.",
    );
    await mustUp();
    expect(await onHost("rpi3", "systemctl list-units --plain --no-legend 'kafka*' 'zookeeper*' 'bramble-*'")).toBe("");
    const described = await kafkaTool("rpi0", "kafka-topics.sh", "--describe");
    expect(described).toMatch(/Replicas: [012,]+\t/);
    expect(described).not.toMatch(/(Replicas|Isr): [\d,]*3/);
    const before = (await committedValues("temperatures_ewma")).length;
    await produce("temperatures_fahrenheit", [90]);
    await eventually("the stream goes on", 60_000, async () =>
      expect((await committedValues("temperatures_ewma")).length).toBe(before + 1),
    );
    expect(await diff()).toEqual([0, ["Nothing changes."]]);
  });
});
