import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { beforeAll, describe, expect } from "@jest/globals";
import { crashesOf, inflict } from "./support/crashes.ts";
import { haveDeployed } from "./support/deployed.ts";
import { eventually } from "./support/eventually.ts";
import { around, gapIn, printed } from "./support/journal.ts";
import { committedValues, endOffset, lastTimestamp } from "./support/kafka.ts";
import { chaining, edited, writePipeline } from "./support/pipeline-files.ts";
import { seededRandom } from "./support/seeded-random.ts";
import { configure, mustUp, preview, workspace } from "./support/stack.ts";
import { story } from "./support/story.ts";
import { unitStates } from "./support/units.ts";

/** Other crashes, and more of them: BRAMBLE_TEST_SEED=2 BRAMBLE_TEST_KILLS=100 make test ONLY=crashes */
const seed = Number(process.env.BRAMBLE_TEST_SEED ?? 1);
const kills = Number(process.env.BRAMBLE_TEST_KILLS ?? 6);

const count = 1000 * kills;
/** Records flow on while a crash lasts: the last one comes early enough to find some that are still to come. */
const crashes = crashesOf(seed, kills, Math.floor(count * 0.7), chaining);
const everyMs = 6;
const STANDSTILL_MS = 180_000;
const random = seededRandom(seed);
/** Half of them are printed, and more than that at once journald would leave out by itself (10,000, or more on a large disk). */
const undisturbed = Array.from({ length: Math.max(count, 40_000) }, () => Math.round(random() * 200) / 10);
const disturbed = undisturbed.slice(0, count);

type Topics = Readonly<Record<string, readonly string[]>>;

/** The pipeline's topics and what must be in them, computed the plainest way. */
function expected(celsius: readonly number[]): Topics {
  const fahrenheit = celsius.map((c) => (c * 9) / 5 + 32);
  const above = fahrenheit.filter((f) => f > 50);
  let s = Number.NaN;
  const ewma = above.map((x, i) => (s = i === 0 ? x : 0.5 * x + 0.5 * s)).slice(1);
  const average = above.slice(2).map((x, i) => ((above[i] ?? 0) + (above[i + 1] ?? 0) + x) / 3);
  const topics = { fahrenheit, above_threshold: above, ewma, moving_average: average };
  return Object.fromEntries(
    Object.entries(topics).map(([topic, numbers]) => [topic, numbers.map((x) => JSON.stringify(x))]),
  );
}
const sinks = [
  ["rpi2", "out_ewma", "ewma"],
  ["rpi3", "out_avg", "moving_average"],
] as const;
/** What the lab's small journals have room for. */
const JOURNAL_KEEPS = 20_000;
/** Each look at a journal is a login, which is a dozen lines more in it. */
const LOOK_EVERY_MS = 5000;

/** kafka_chaining with three replicas of every topic, under names of its own. */
function pipeline(name: string, pace: string, celsius: readonly number[]): string {
  const topics = Object.keys(expected([])).map(
    (topic) => `  ${name}_${topic}: { replicationFactor: 3, config: { min.insync.replicas: 2 } }\n`,
  );
  const text = edited(
    "kafka_chaining",
    ["kafka_chaining.txt, every: 3s", `crashes.txt, every: ${pace}`],
    ["temperatures_", `${name}_`],
    ["\nservices:", `\ntopics:\n${topics.join("")}\nservices:`],
  );
  const file = writePipeline(name, text);
  writeFileSync(join(workspace, "data", "crashes.txt"), `${celsius.join("\n")}\n`);
  return file;
}

const values = (topic: string) => committedValues(topic, 60_000 + undisturbed.length);

/** Waits until a topic has so many offsets, and gives how many it has. */
async function reached(topic: string, offset: number): Promise<number> {
  let end = 0;
  await eventually(`${topic} gets to offset ${offset}, whatever crashed before`, STANDSTILL_MS, async () => {
    end = await endOffset(topic);
    await sleep(Math.max(0, offset - end) * everyMs * 0.5);
    expect(end).toBeGreaterThanOrEqual(offset);
  });
  return end;
}

/** Waits for all that must be there, and for brokers that answer. What is there may be no more, and nothing else. */
async function arrives(name: string, outputs: Topics, limitMs: number): Promise<void> {
  const found = await eventually(`${outputs.ewma?.length} averages are in ${name}_ewma`, limitMs, async () => {
    const found: Record<string, string[]> = {};
    for (const [topic, wanted] of Object.entries(outputs).reverse()) {
      found[topic] = await values(`${name}_${topic}`);
      expect(found[topic].length).toBeGreaterThanOrEqual(wanted.length);
    }
    return found;
  });
  for (const [topic, wanted] of Object.entries(outputs)) {
    expect({ topic, ...firstDifference(found[topic] ?? [], wanted) }).toEqual({ topic });
  }
  for (const service of ["con1", "con2", "con3"]) {
    await eventually(`${service} has refused nothing`, 60_000, async () =>
      expect(await values(`${name}-${service}-dead-letters`)).toEqual([]),
    );
  }
}

function firstDifference(found: readonly string[], wanted: readonly string[]): object {
  const at = Array.from({ length: Math.max(found.length, wanted.length) }).findIndex((_, i) => found[i] !== wanted[i]);
  if (at < 0) return {};
  return { at, counts: [found.length, wanted.length], found: around(found, at), wanted: around(wanted, at) };
}

beforeAll(async () => {
  await haveDeployed(() => pipeline("undisturbed", "0s", undisturbed));
});

describe(`kafka_chaining, every topic with three replicas (seed ${seed})`, () => {
  story(`${undisturbed.length} records undisturbed, and printed without a gap`, async () => {
    const outputs = expected(undisturbed);
    const limitMs = 60_000 + 5 * undisturbed.length;
    await arrives("undisturbed", outputs, limitMs);
    for (const [host, sink, topic] of sinks) {
      // A journal keeps no more than has room, and begins with what an earlier unit of that name has said.
      const wanted = outputs[topic]?.slice(-JOURNAL_KEEPS) ?? [];
      await eventually(`${sink} has printed all`, limitMs, async () => {
        await sleep(LOOK_EVERY_MS);
        expect({ sink, ...gapIn(await printed(host, sink), wanted) }).toEqual({ sink });
      });
    }
  });

  story(
    `${count} records under ${kills} crashes of services, brokers and hosts: byte for byte the same`,
    async () => {
      configure({ pipeline: pipeline("crashes", `${everyMs}ms`, disturbed) });
      await mustUp();
      const began = Date.now();
      const messages: string[] = [];
      try {
        for (const crash of crashes) {
          const offset = await reached("crashes_fahrenheit", crash.at);
          const happened = await inflict(crash);
          messages.push(`${((Date.now() - began) / 1000).toFixed(1)} s, offset ${offset}: ${happened}`);
        }
        const lastCrash = Date.now();
        await arrives("crashes", expected(disturbed), 120_000 + count * everyMs);
        await eventually("the last record is younger than the last crash", 60_000, async () =>
          expect(await lastTimestamp("crashes_fahrenheit")).toBeGreaterThan(lastCrash),
        );
      } catch (error) {
        if (error instanceof Error) error.message = [error.message, ...messages].join("\n");
        throw error;
      }
    },
    (10 + kills / 3) * 60_000,
  );

  story("and nothing is left to repair", async () => {
    const states = Object.entries(await unitStates());
    expect(states.filter(([, { active }]) => active !== "active")).toEqual([]);
    expect((await preview()).counts).toEqual({});
  });
});
