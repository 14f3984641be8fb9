import type { BrokerAddress, ConfigChange, DynamicConfig, DynamicFacts } from "../resources/resource-type.ts";
import { askBroker } from "./ask-broker.ts";
import { brokerConfigSource, brokerResource, defaultBrokerConfigSource } from "./config-resource.ts";
import { describeConfigs, valuesFrom } from "./describe-configs.ts";
import { int8, int32, string } from "./primitive-types.ts";
import { NoBrokerError } from "./unanswered.ts";

/** How long a change that one broker has taken may be on its way to the others. */
const applyTimeoutMs = 15_000;

/**
 * What brokers are told while they run (KIP-226), asked of each broker itself: no leader and no controller is needed for
 * that, and what kafkajs sends instead replaces all that a broker was told.
 */
export const dynamicConfig: DynamicConfig = {
  async describe(brokers) {
    const asked = await Promise.allSettled(brokers.map(async (broker) => [broker.id, await describe(broker)] as const));
    const answers = asked.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
    const [failed] = asked.flatMap((one) => (one.status === "rejected" ? [one.reason as Error] : []));
    if (answers.length === 0) throw new NoBrokerError(servers(brokers), failed);
    return new Map(answers);
  },
  async alter(brokers, changes, { validateOnly }) {
    // What is for all comes first: a broker that gives up what it was told alone falls back on it.
    const ofAll = (id: number | undefined) => Number(id !== undefined);
    const groups = [...Map.groupBy(changes, ({ broker }) => broker)].sort(([a], [b]) => ofAll(a) - ofAll(b));
    for (const [id, group] of groups) {
      // In a cluster with ZooKeeper only a broker itself takes what is for it alone.
      const takers = id === undefined ? brokers : brokers.filter((broker) => broker.id === id);
      const [facts] = (await this.describe(takers)).values();
      const stages = facts === undefined ? [] : inStages(group, facts);
      for (const stage of validateOnly ? stages.slice(0, 1) : stages) {
        await alterOnce(takers, stage, validateOnly);
        if (!validateOnly) await waitUntilApplied(takers, stage);
      }
    }
  },
};

/**
 * Kafka lets a number of threads at most double, or halve, at a time: what goes further goes in several changes. Pure.
 * @param changes all for one broker, or all for every one
 */
export function inStages(changes: readonly ConfigChange[], facts: DynamicFacts): ConfigChange[][] {
  const ways = changes.map((change) => way(change, facts));
  const longest = Math.max(1, ...ways.map(({ length }) => length));
  return Array.from({ length: longest }, (_, i) => ways.flatMap((stages) => stages[i] ?? []));
}

function way(change: ConfigChange, { alone, forAll, fixed }: DynamicFacts): ConfigChange[] {
  const { broker, name, value } = change;
  const beneath = broker === undefined ? fixed[name] : (forAll[name] ?? fixed[name]);
  const [from, to] = [Number((broker === undefined ? forAll : alone)[name] ?? beneath), Number(value ?? beneath)];
  const countsThreads = /\.threads(\.per\.data\.dir)?$|^num\.replica\.fetchers$/.test(name);
  if (!countsThreads || !(from >= 1 && to >= 1)) return [change];
  const between: ConfigChange[] = [];
  for (let at = from; to > at * 2 || to < at / 2; ) {
    at = to > at ? at * 2 : Math.ceil(at / 2);
    between.push({ ...change, value: String(at) });
  }
  return [...between, change];
}

/** The first broker that answers takes it; what a broker refuses, every other would refuse too. */
async function alterOnce(
  brokers: readonly BrokerAddress[],
  changes: readonly ConfigChange[],
  validateOnly: boolean,
): Promise<void> {
  let unreached: Error | undefined;
  for (const { server } of brokers) {
    try {
      const refusal = await alter(server, changes, validateOnly);
      if (refusal === undefined) return;
      throw new Refused(changes, refusal);
    } catch (error) {
      if (error instanceof Refused) throw error;
      unreached = error as Error;
    }
  }
  throw new NoBrokerError(servers(brokers), unreached);
}

function servers(brokers: readonly BrokerAddress[]): string[] {
  return brokers.map(({ server }) => server);
}

class Refused extends Error {
  constructor(changes: readonly ConfigChange[], refusal: string) {
    super(
      `${names(changes)}: refused by Kafka (${refusal.replace(/\.$/, "")}). ` +
        "Correct it under cluster/kafka/config in the pipeline file.",
    );
  }
}

function names(changes: readonly ConfigChange[]): string {
  return changes.map(({ name, value }) => (value === undefined ? `no ${name}` : `${name}=${value}`)).join(", ");
}

/** A broker that does not answer is left out of account: it takes up what it missed when it starts. */
async function waitUntilApplied(brokers: readonly BrokerAddress[], changes: readonly ConfigChange[]): Promise<void> {
  for (const deadline = Date.now() + applyTimeoutMs; ; await new Promise((resume) => setTimeout(resume, 100))) {
    const late = await Promise.all(
      brokers.map(async (broker) => {
        const facts = await describe(broker).catch(() => undefined);
        if (facts === undefined) return [];
        return changes.filter(
          ({ broker: id, name, value }) => (id === undefined ? facts.forAll : facts.alone)[name] !== value,
        );
      }),
    );
    const [change] = late.flat();
    if (change === undefined) return;
    if (Date.now() > deadline) {
      throw new Error(
        `${names([change])}: some broker has not applied it after ${applyTimeoutMs / 1000} s. ` +
          "See `journalctl -u kafka` on the Pis.",
      );
    }
  }
}

async function describe({ id, server }: BrokerAddress): Promise<DynamicFacts> {
  const entries = await describeConfigs(server, { type: brokerResource, name: String(id) });
  const from = (matches: (source: number) => boolean) => valuesFrom(entries, matches);
  return {
    forAll: from((source) => source === defaultBrokerConfigSource),
    alone: from((source) => source === brokerConfigSource),
    fixed: from((source) => source > defaultBrokerConfigSource),
  };
}

/**
 * Kafka protocol guide, IncrementalAlterConfigs version 0 (KIP-339).
 * @returns why Kafka will not; undefined when it has done it, or would
 */
function alter(server: string, changes: readonly ConfigChange[], validateOnly: boolean): Promise<string | undefined> {
  const entries = changes.map(({ name, value }) =>
    Buffer.concat([string(name), int8(value === undefined ? 1 : 0), string(value)]),
  );
  // What is for all brokers stands under the empty name.
  const resource = [int8(brokerResource), string(String(changes[0]?.broker ?? "")), int32(entries.length), ...entries];
  return askBroker(server, `set ${names(changes)}`, {
    apiKey: 44,
    apiVersion: 0,
    body: Buffer.concat([int32(1), ...resource, int8(validateOnly ? 1 : 0)]),
    read(answer) {
      answer.int32(); // throttle time
      const [refusal] = answer.array(() => {
        const error = answer.int16();
        const message = answer.string();
        return error === 0 ? undefined : (message ?? `error ${error}`);
      });
      return refusal;
    },
  });
}
