import { beforeAll, describe, expect } from "@jest/globals";
import { bareWith, restoreDeployed } from "./support/deployed.ts";
import { type DeployedState, deployedState } from "./support/deployed-state.ts";
import { interruptedUp, momentsOf } from "./support/interrupted.ts";
import { knownValuesArrive } from "./support/known-values.ts";
import { edited, fast, writePipeline } from "./support/pipeline-files.ts";
import { configure, mustUp, preview } from "./support/stack.ts";
import { story } from "./support/story.ts";

/** Other moments, and more of them: BRAMBLE_TEST_SEED=2 BRAMBLE_TEST_INTERRUPTS=20 make test ONLY=interrupted */
const seed = Number(process.env.BRAMBLE_TEST_SEED ?? 1);
const interrupts = Number(process.env.BRAMBLE_TEST_INTERRUPTS ?? 2);
const nextMoment = momentsOf(seed);

const pipeline = (...edits: Parameters<typeof edited>[1][]) =>
  writePipeline("kafka_chaining", edited("kafka_chaining", fast, ...edits));
const update = [
  ["above: 50", "above: 55"],
  ["over: 3", "over: 4"],
  ["\nservices:", "\n  kafka: { config: { log.retention.hours: 24 } }\n\nservices:"],
] as const;
/** What is deployed in turn; an undisturbed deployment of it shows how it must end. */
const variants = [[], update];
let undisturbed: { readonly steps: number; readonly state: DeployedState }[];

async function bare(): Promise<void> {
  await bareWith("pipelines/kafka_chaining.yaml");
  configure({ pipeline: pipeline() });
}

async function deployVariant(variant: number): Promise<{ steps: number; state: DeployedState }> {
  configure({ pipeline: pipeline(...(variants[variant] ?? [])) });
  const { counts } = await mustUp();
  return { steps: Object.values(counts).reduce((sum, count) => sum + count, 0), state: await deployedState() };
}

/** The `up` that follows an interrupted one: it goes through, leaves nothing to do, and all is as if undisturbed. */
async function convergesTo(variant: number): Promise<void> {
  await mustUp();
  expect((await preview()).counts).toEqual({});
  expect(await deployedState()).toEqual(undisturbed[variant]?.state);
}

beforeAll(async () => {
  const steps = await restoreDeployed();
  undisturbed = [{ steps, state: await deployedState() }, await deployVariant(1)];
  expect(undisturbed[1]?.state).not.toEqual(undisturbed[0]?.state);
});

describe(`an up that is killed halfway and run again ends as an undisturbed one (seed ${seed})`, () => {
  story("a first deployment, killed three times on its way", async () => {
    await bare();
    let left = undisturbed[0]?.steps ?? 0;
    for (let i = 0; i < 3; i++) {
      const done = await interruptedUp(nextMoment(left));
      // What is done in the moment of the kill is not told: there may be less left than that.
      if (i === 0) expect(done).toBeDefined();
      left -= done ?? 0;
    }
    await convergesTo(0);
    await knownValuesArrive();
  });

  for (let i = 1; i <= interrupts; i++) {
    story(`an update of services and brokers, there and back, killed on its way (${i})`, async () => {
      const variant = i % 2;
      configure({ pipeline: pipeline(...(variants[variant] ?? [])) });
      expect(await interruptedUp(nextMoment(undisturbed[1]?.steps ?? 0))).toBeDefined();
      await convergesTo(variant);
    });
  }

  story("and the records are what they were", knownValuesArrive);
});
