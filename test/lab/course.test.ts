import { spawn } from "node:child_process";
import { beforeAll, describe, expect } from "@jest/globals";
import { sshToHost } from "../../lab/enter.ts";
import { haveDeployed, restoreDeployed } from "./support/deployed.ts";
import { eventually } from "./support/eventually.ts";
import { gapIn, printed } from "./support/journal.ts";
import { committedValues, produce } from "./support/kafka.ts";
import { writeOperator, writePipeline } from "./support/pipeline-files.ts";
import { onHost } from "./support/programs.ts";
import { mustUp } from "./support/stack.ts";
import { story } from "./support/story.ts";
import { restarted, unitStates, unitsOf } from "./support/units.ts";
import { hostOf, hosts, lab } from "./support/virtual-pis.ts";

describe("exercise 1: the command line, with Kafka's own programs on rpi0", () => {
  const kafka = (line: string, input?: string) => onHost("rpi0", `cd /opt/kafka && bin/${line}`, { input });
  const server = "--bootstrap-server rpi0:9092";
  const topics = async () => (await kafka(`kafka-topics.sh --list ${server}`)).split("\n");

  beforeAll(async () => {
    await restoreDeployed();
  });

  story("create topic `test`, list, produce Hello and World, consume from the beginning", async () => {
    await kafka(`kafka-topics.sh --create --topic test --replication-factor 1 --partitions 1 ${server}`);
    expect(await topics()).toContain("test");
    await kafka(`kafka-console-producer.sh --topic test ${server}`, "Hello\nWorld\n");
    const consumer = `kafka-console-consumer.sh --topic test --from-beginning --max-messages 2 ${server}`;
    expect((await kafka(consumer)).split("\n").slice(0, 2)).toEqual(["Hello", "World"]);
  });

  story("without --from-beginning only what comes later is consumed", async () => {
    const invocation = sshToHost(lab, hostOf("rpi0"), [
      `cd /opt/kafka && bin/kafka-console-consumer.sh --topic test --max-messages 1 ${server}`,
    ]);
    const consumer = spawn(invocation.argv[0] ?? "", invocation.argv.slice(1), { env: invocation.env });
    let consumed = "";
    consumer.stdout.on("data", (data: Buffer) => (consumed += data));
    try {
      // Nobody can tell from outside when the consumer has found the end of the topic, so more keeps coming.
      await eventually("the waiting consumer gets a record", 60_000, async () => {
        await kafka(`kafka-console-producer.sh --topic test ${server}`, "later\n");
        expect(consumed).toMatch(/\n/);
      });
      expect(consumed).toBe("later\n");
    } finally {
      consumer.kill();
    }
  });

  story("delete the topic", async () => {
    await kafka(`kafka-topics.sh --delete --topic test ${server}`);
    await eventually("the topic is gone", 10_000, async () => expect(await topics()).not.toContain("test"));
  });
});

describe("exercise 2a: pipeline kafka_example takes the place of kafka_chaining", () => {
  beforeAll(() => haveDeployed(() => "pipelines/kafka_example.yaml"));

  story("the former services and topics are gone, the new ones are there", async () => {
    expect(Object.keys(await unitStates()).sort()).toEqual(unitsOf({ pro: "rpi0", con: "rpi1" }, hosts));
    const names = await onHost("rpi0", "/opt/kafka/bin/kafka-topics.sh --list --bootstrap-server rpi0:9092");
    expect(names.split("\n").filter((name) => !name.startsWith("__") && !name.startsWith("kafka_example-"))).toEqual([
      "temperature",
    ]);
  });

  story("every stage of every record is printed: Celsius, Fahrenheit, noise within [-1, 1], rounded", async () => {
    const celsius = [20, 21, 19, 22, 25, 18, 23, 24, 26, 17];
    const lines = await eventually("all ten records are printed", 60_000, async () => {
      const soFar = await printed("rpi1", "con");
      const inputs = soFar.map((line) => line.split(" ")[0] ?? "");
      expect(gapIn(inputs, celsius.map(String))).toEqual({});
      return soFar;
    });
    const stages = lines.map((line) => line.split(" -> ").map(Number));
    for (const [input = 0, fahrenheit = 0, noisy = 0, rounded] of stages) {
      expect(fahrenheit).toBeCloseTo((input * 9) / 5 + 32, 9);
      expect(Math.abs(noisy - fahrenheit)).toBeLessThanOrEqual(1);
      expect(rounded).toBe(Math.round(noisy));
    }
    expect(new Set(stages.map(([, fahrenheit = 0, noisy = 0]) => noisy - fahrenheit)).size).toBeGreaterThanOrEqual(
      celsius.length,
    );
    expect(await committedValues("temperature")).toEqual(celsius.map(String));
  });
});

describe("an operator of the user's own, beside the pipeline file", () => {
  const operator = (compared: string) => `
    import { fold, number } from "bramble/operator";
    /** The most extreme value so far, moved by \`by\`. */
    export const record = fold({
      params: { by: number() },
      value: number(),
      initial: null as number | null,
      step: ({ by }, s, x) => {
        const best = s === null || x ${compared} s ? x : s;
        return [best, [best + by]];
      },
    });`;
  const pipeline = `
cluster:
  hosts: { rpi0: 10.42.0.250, rpi1: 10.42.0.251, rpi2: 10.42.0.252, rpi3: 10.42.0.253 }
topics:
  readings:
services:
  highest: { on: rpi3, from: readings, apply: [ { record: { by: 0.5 } } ], to: records }
  passed_on: { on: rpi0, from: records, to: copies }
`;

  beforeAll(async () => {
    writeOperator("record", operator(">"));
    await haveDeployed(() => writePipeline("own_operator", pipeline));
  });

  story("runs on the Pis", async () => {
    await produce("readings", [3, 1, 4, 1, 5]);
    await eventually("five values have passed both services", 30_000, async () =>
      expect(await committedValues("copies")).toEqual(["3.5", "3.5", "4.5", "4.5", "5.5"]),
    );
  });

  story("an edit of it restarts its service alone, which keeps its state", async () => {
    const before = await unitStates();
    writeOperator("record", operator("<"));
    const { changes, seconds } = await mustUp();
    expect(Object.keys(changes).sort()).toEqual(["highest-release", "highest-unit"]);
    expect(seconds).toBeLessThan(60);
    expect(restarted(before, await unitStates())).toEqual(["rpi3/bramble-highest.service"]);
    await produce("readings", [6, 2]);
    await eventually("the new operator has its turn", 30_000, async () =>
      expect((await committedValues("copies")).slice(5)).toEqual(["5.5", "2.5"]),
    );
  });
});
