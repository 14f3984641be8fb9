import type { Admin, ITopicMetadata } from "kafkajs";
import type { TopicFacts } from "../resources/resource-type.ts";
import { topicConfigSource, topicResource } from "./config-resource.ts";
import { describeConfigs, valuesFrom } from "./describe-configs.ts";
import { isForming, protocolErrors } from "./protocol-errors.ts";
import { NoLeaderError, UnansweredError } from "./unanswered.ts";
import { pause } from "./until.ts";

/** An election takes seconds; a partition that is longer without a leader has its brokers away. */
export const leaderTimeoutMs = 15_000;
/** Questions that arrive within this time go to the brokers together. */
const batchDelayMs = 4;

interface Question {
  readonly name: string;
  readonly answer: (facts: Promise<TopicFacts | undefined>) => void;
}

/** Tells what topics are. Those that are asked for at about the same time share their round trips. */
export class TopicReader {
  private readonly admin: Admin;
  private readonly brokers: readonly string[];
  private questions: Question[] = [];

  /** @param brokers `host:port` of each */
  constructor(admin: Admin, brokers: readonly string[]) {
    this.admin = admin;
    this.brokers = brokers;
  }

  /** Undefined on proof that there is no such topic. Throws {@link NoLeaderError} for one that cannot be told now. */
  describe(name: string): Promise<TopicFacts | undefined> {
    return new Promise((answer) => {
      if (this.questions.length === 0) setTimeout(() => this.ask(), batchDelayMs);
      this.questions.push({ name, answer });
    });
  }

  private async ask(): Promise<void> {
    const questions = this.questions;
    this.questions = [];
    // One answer for all of them, or each asks for itself: kafkajs tells of a fault in one and nothing of the others.
    const names = [...new Set(questions.map(({ name }) => name))];
    const together = await this.describeAll(names).catch(() => undefined);
    for (const { name, answer } of questions) answer(together ? Promise.resolve(together.get(name)) : this.alone(name));
  }

  private async alone(name: string): Promise<TopicFacts | undefined> {
    const deadline = Date.now() + leaderTimeoutMs;
    for (;;) {
      try {
        if (await isAbsent(this.admin, name)) return undefined;
        return (await this.describeAll([name])).get(name);
      } catch (error) {
        if (!isForming(error) && !(error instanceof UnansweredError)) throw error;
        if (Date.now() > deadline) throw new NoLeaderError(name, leaderTimeoutMs, error as Error);
        await pause();
      }
    }
  }

  /** Throws when one of them is not there, or cannot be told. */
  private async describeAll(names: readonly string[]): Promise<Map<string, TopicFacts>> {
    // In a cluster with ZooKeeper a broker asks it for one topic after another: so each topic is asked of another broker.
    const asked = Promise.all(names.map((name, i) => ownConfig(name, rotated(this.brokers, i))));
    asked.catch(() => {}); // told below, or of no account
    const { topics } = await this.admin.fetchTopicMetadata({ topics: [...names] });
    const configs = await asked;
    return new Map(
      topics.map(({ name, partitions }) => [
        name,
        { ...shape(partitions), config: configs[names.indexOf(name)] ?? {} },
      ]),
    );
  }
}

function shape(partitions: ITopicMetadata["partitions"]): Omit<TopicFacts, "config"> {
  const replicas = partitions.map(({ replicas }) => replicas.length);
  return { partitions: partitions.length, replicationFactor: Math.min(...replicas) };
}

/** What is set on the topic itself, by the word of the first broker that can tell. */
async function ownConfig(name: string, brokers: readonly string[]): Promise<TopicFacts["config"]> {
  let cause: unknown;
  for (const broker of brokers) {
    try {
      const entries = await describeConfigs(broker, { type: topicResource, name });
      return valuesFrom(entries, (source) => source === topicConfigSource);
    } catch (error) {
      cause = error;
    }
  }
  throw new UnansweredError(`topic ${name}: ${(cause as Error | undefined)?.message ?? "no broker to ask"}`, { cause });
}

function rotated<T>(all: readonly T[], by: number): T[] {
  const at = all.length === 0 ? 0 : by % all.length;
  return [...all.slice(at), ...all.slice(0, at)];
}

/** A broker that has just been started knows no topics until the controller tells it: the controller's word is proof. */
async function isAbsent(admin: Admin, name: string): Promise<boolean> {
  try {
    await admin.fetchTopicMetadata({ topics: [name] });
    return false;
  } catch (error) {
    if (protocolErrors(error)[0]?.type !== "UNKNOWN_TOPIC_OR_PARTITION") throw error;
    const probe = { topic: name, numPartitions: 1, replicationFactor: 1 };
    return admin.createTopics({ topics: [probe], validateOnly: true, waitForLeaders: false });
  }
}
