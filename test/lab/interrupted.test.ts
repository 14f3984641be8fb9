import { beforeAll, describe, expect } from "@jest/globals";
import { bareWith } from "./support/deployed.ts";
import { type DeployedState, deployedState } from "./support/deployed-state.ts";
import { eventually } from "./support/eventually.ts";
import { interruptedUp, moments } from "./support/interrupted.ts";
import { committedValues } from "./support/kafka.ts";
import { aboveThreshold, ewma, movingAverage } from "./support/known-values.ts";
import { edited, fast, writePipeline } from "./support/pipeline-files.ts";
import { configure, mustUp } from "./support/stack.ts";
import { story } from "./support/story.ts";

/** Other moments with another seed: BRAMBLE_TEST_SEED=2 npx jest --selectProjects lab ... */
const seed = Number(process.env.BRAMBLE_TEST_SEED ?? 1);

const pipeline = (...edits: Parameters<typeof edited>[1][]) =>
  writePipeline("kafka_chaining", edited("kafka_chaining", fast, ...edits));

async function knownValuesArrive(): Promise<void> {
  await eventually("the known values are in the topics", 60_000, async () => {
    expect(await committedValues("temperatures_moving_average")).toEqual(movingAverage);
    expect(await committedValues("temperatures_ewma")).toEqual(ewma);
  });
  expect(await committedValues("temperatures_above_threshold")).toEqual(aboveThreshold);
}

let undisturbed: DeployedState;

beforeAll(async () => {
  await bareWith("pipelines/kafka_chaining.yaml");
  configure({ pipeline: pipeline() });
  await mustUp();
  undisturbed = await deployedState();
});

describe(`an up that is killed halfway and run again ends as an undisturbed one (seed ${seed})`, () => {
  story("a first deployment, killed three times on its way", async () => {
    await bareWith("pipelines/kafka_chaining.yaml");
    configure({ pipeline: pipeline() });
    for (const moment of moments(seed, 3, 66)) await interruptedUp(moment);
    await mustUp();
    const again = await mustUp();
    expect(again.counts).toEqual({});
    expect(await deployedState()).toEqual(undisturbed);
    await knownValuesArrive();
  });

  story("an update of services and brokers there and back, killed both ways", async () => {
    const update = pipeline(
      ["above: 50", "above: 55"],
      ["over: 3", "over: 4"],
      ["\nservices:", "\n  kafka: { config: { log.retention.hours: 24 } }\n\nservices:"],
    );
    configure({ pipeline: update });
    const [there, back] = moments(seed, 2, 10);
    if (there === undefined || back === undefined) throw new Error("wanted two moments");
    await interruptedUp(there);
    await mustUp();
    expect((await mustUp()).counts).toEqual({});
    expect(await deployedState()).not.toEqual(undisturbed);

    configure({ pipeline: pipeline() });
    await interruptedUp(back);
    await mustUp();
    expect((await mustUp()).counts).toEqual({});
    expect(await deployedState()).toEqual(undisturbed);
    await knownValuesArrive();
  });
});
