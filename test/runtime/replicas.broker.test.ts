import { setTimeout as sleep } from "node:timers/promises";
import { beforeEach, expect, jest, test } from "@jest/globals";
import type { ServiceSpec } from "../../runtime/service-spec.ts";
import { eventually } from "../../testing/eventually.ts";
import { journals, type RunningService, startService } from "../../testing/running-service.ts";
import { Pipeline, step } from "../../testing/service-specs.ts";
import { clientIds, write } from "../../testing/topics.ts";
import { useBroker } from "../../testing/use-broker.ts";

jest.setTimeout(180_000);

const KEYS = Array.from({ length: 12 }, (_, i) => `sensor-${i}`);

const { broker, reader } = useBroker();
let spec: ServiceSpec;
let input: string;
let output: string;

beforeEach(async () => {
  const pipeline = new Pipeline(broker);
  [input, output] = [pipeline.topic("in"), pipeline.topic("out")];
  spec = pipeline.service("con1", {
    input: pipeline.stream("in"),
    apply: [step("moving-average", { over: 2 })],
    output: pipeline.stream("out"),
  });
  await pipeline.createTopics([spec], 4);
});

/** Sends every key its next values, 0, 1, 2..., until it is told to stop; then gives how many each key has got. */
function underLoad(): { readonly stop: () => Promise<number> } {
  const stopped = new AbortController();
  const sent = (async () => {
    let round = 0;
    while (!stopped.signal.aborted) {
      const values = Array.from({ length: 10 }, (_, i) => round + i);
      await write(
        broker,
        input,
        values.flatMap((value) => KEYS.map((key) => ({ key, value: String(value) }))),
      );
      round += values.length;
      await sleep(20);
    }
    return round;
  })();
  return {
    stop: () => {
      stopped.abort();
      return sent;
    },
  };
}

async function outputsByKey(): Promise<Map<string | null, string[]>> {
  const { [output]: records = [] } = await reader.read(output);
  const byKey = Map.groupBy(records, ({ key }) => key);
  return new Map([...byKey].map(([key, its]) => [key, its.map(({ value }) => String(value))]));
}

/** The mean of each two neighbours: a lost or doubled record, or a state that did not come along, would show. */
async function expectAll(count: number, services: readonly RunningService[]): Promise<void> {
  const wanted = Array.from({ length: count - 1 }, (_, i) => String(i + 0.5));
  await eventually(
    async () => {
      const outputs = await outputsByKey();
      return KEYS.every((key) => (outputs.get(key)?.length ?? 0) >= wanted.length);
    },
    journals(services),
    90_000,
  );
  expect(await outputsByKey()).toEqual(new Map(KEYS.map((key) => [key, wanted])));
}

/** Until each key has got results that it does not have yet. */
async function progress(services: readonly RunningService[]): Promise<void> {
  const before = await outputsByKey();
  const has = (outputs: Map<string | null, string[]>, key: string) => outputs.get(key)?.length ?? 0;
  await eventually(async () => {
    const outputs = await outputsByKey();
    return KEYS.every((key) => has(outputs, key) > has(before, key));
  }, journals(services));
}

/** Waits until each of them has partitions, and together they have all, each one once. */
async function sharing(services: readonly RunningService[]): Promise<void> {
  const held = (service: RunningService) =>
    /, partitions? ([\d, ]+)$/
      .exec(
        service
          .journal()
          .trimEnd()
          .split("\n")
          .findLast((line) => /consuming/.test(line)) ?? "",
      )?.[1]
      ?.split(", ") ?? [];
  await eventually(
    () => {
      const shares = services.map(held);
      return shares.every((share) => share.length > 0) && shares.flat().sort().join() === "0,1,2,3";
    },
    journals(services),
    60_000,
  );
}

test("replicas go from one to three to two under load: nothing is lost or doubled, state follows its partition", async () => {
  const load = underLoad();
  const first = await startService(spec);
  await sharing([first]);
  const second = await startService(spec, { replica: 2 });
  const third = await startService(spec, { replica: 3 });
  await sharing([first, second, third]);
  // A replica that starts makes what is left of its former self leave the group, and must take nobody else for it.
  expect(new Set(await clientIds(broker, spec.groupId)).size).toBe(3);
  await progress([first, second, third]);
  expect(await third.stop()).toBe(0);
  await sharing([first, second]);
  await progress([first, second]);
  await expectAll(await load.stop(), [first, second, third]);
  expect([first, second].map((each) => each.isRunning())).toEqual([true, true]);
});

test("a replica that was frozen while its partitions moved is fenced, writes nothing, and joins again", async () => {
  const load = underLoad();
  const zombie = await startService(spec);
  const other = await startService(spec, { replica: 2 });
  await sharing([zombie, other]);
  await progress([zombie, other]);
  zombie.signal("SIGSTOP");
  await sharing([other]);
  await progress([other]);
  zombie.signal("SIGCONT");
  await sharing([zombie, other]);
  await expectAll(await load.stop(), [zombie, other]);
  expect(zombie.isRunning()).toBe(true);
});

test("a replica killed in the middle comes back to its own share, also beside another on the same host", async () => {
  const load = underLoad();
  const first = await startService(spec);
  const second = await startService(spec, { replica: 2 });
  await sharing([first, second]);
  await second.stop("SIGKILL");
  const again = await startService(spec, { replica: 2 });
  await sharing([first, again]);
  await expectAll(await load.stop(), [first, second, again]);
});
