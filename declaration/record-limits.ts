import { stateNameOf } from "../operators/chain.ts";
import type { Weigh } from "../operators/chain-state.ts";
import { maxJsonBytes } from "../operators/max-json-bytes.ts";
import type { Link } from "../operators/message.ts";
import type { Pipeline } from "./pipeline.ts";

/** Kafka's default of `message.max.bytes`, and what a record batch has besides its records. */
const DEFAULT_MAX_BATCH_BYTES = 1_048_588;
const BATCH_OVERHEAD_BYTES = 61;

/** The lengths, attributes, timestamp and offset of a record, at most. */
const RECORD_OVERHEAD_BYTES = 25;

/** The size of a record without headers, as the runtime's `sizeOf` has it. */
export function recordBytes(key: string | null, value: string): number {
  return RECORD_OVERHEAD_BYTES + Buffer.byteLength(key ?? "") + Buffer.byteLength(value);
}

/** The size of the largest record that a topic of the pipeline takes, as far as the file tells. */
export function maxRecordBytesOf({ topics, cluster }: Pipeline, topic: string): number {
  const { config = {} } = topics.find(({ name }) => name === topic) ?? {};
  const batchBytes = config["max.message.bytes"] ?? cluster.kafka.config["message.max.bytes"];
  return Number(batchBytes ?? DEFAULT_MAX_BATCH_BYTES) - BATCH_OVERHEAD_BYTES;
}

/** Weighs a state as its record in the changelog of a service is weighed, in partition 0. Throws for one that it does not take. */
export function changelogWeight(chain: readonly Link[], maxBytes: number): Weigh {
  return (index, key, state) => {
    const link = chain[index];
    const name = `0/${index}/${link === undefined ? "" : stateNameOf(link)}${key === null ? "" : `/${key}`}`;
    const most = recordBytes(name, "") + maxJsonBytes(state);
    if (most <= maxBytes) return most;
    const bytes = recordBytes(name, JSON.stringify(state));
    if (bytes <= maxBytes) return bytes;
    throw new Error(`its state would be a record of ${bytes} bytes; its changelog takes at most ${maxBytes}`);
  };
}

/** Whether a topic takes only records with a key. */
export function isCompacted({ topics, cluster }: Pipeline, topic: string): boolean {
  const { config = {} } = topics.find(({ name }) => name === topic) ?? {};
  return takesKeysOnly(config["cleanup.policy"] ?? cluster.kafka.config["log.cleanup.policy"]);
}

/** The same of the setting itself, which is a list: compact, delete. */
export function takesKeysOnly(cleanupPolicy: unknown): boolean {
  return String(cleanupPolicy ?? "delete")
    .split(",")
    .some((policy) => policy.trim() === "compact");
}
