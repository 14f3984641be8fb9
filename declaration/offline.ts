import { readFile } from "node:fs/promises";
import { advance, type Link, linkOf, type Message, stagesOf } from "../operators/chain.ts";
import { ChainState } from "../operators/chain-state.ts";
import { write, writeToLog } from "../operators/format.ts";
import { OperatorError } from "../operators/operator-error.ts";
import { sourceValues } from "../operators/source-values.ts";
import { loadOperator } from "./operator-module.ts";
import type { Input, Output, Pipeline, Service } from "./pipeline.ts";

/** What every topic and sink of a pipeline holds in the end, each in the order in which it got there. */
export interface OfflineRun {
  /** By topic; those that the pipeline only reads stay empty, as nobody is there to feed them. */
  readonly topics: ReadonlyMap<string, readonly unknown[]>;
  /** By service with a sink; each value as its stages, from what was read to what is printed. */
  readonly sinks: ReadonlyMap<string, readonly (readonly unknown[])[]>;
  /** By service; each value that it would have put among its dead letters. */
  readonly deadLetters: ReadonlyMap<string, readonly OperatorError[]>;
}

/** A record with the moment, in milliseconds from the start, at which its source would have read it. */
interface Timed {
  readonly atMs: number;
  readonly message: Message;
}

/**
 * Runs a whole pipeline over its source files, without Kafka and without waiting: the known answer that the cluster must
 * give, too. The idea is that of Kafka Streams' TopologyTestDriver. A topic that several services write holds their
 * values by the moment of their source; a topic counts as one partition.
 */
export async function runOffline(pipeline: Pipeline): Promise<OfflineRun> {
  const streams = new Map<string, Timed[]>();
  for (const { name, role } of pipeline.topics) if (role === "stream") streams.set(name, []);
  const sinks = new Map<string, (readonly unknown[])[]>();
  const deadLetters = new Map<string, OperatorError[]>();

  for (const service of pipeline.services) {
    const { input, output } = service;
    const values = input.kind === "file" ? await readSource(input) : inTime(streams.get(input.topic) ?? []);
    const { results, refused } = process(await chainOf(service), values, output);
    if (refused.length > 0) deadLetters.set(service.name, refused);
    if (output.kind === "log")
      sinks.set(
        service.name,
        results.map(({ message }) => stagesOf(message)),
      );
    else streams.get(output.topic)?.push(...results.map(({ atMs, message }) => ({ atMs, message: arrived(message) })));
  }
  const topics = new Map(
    [...streams].map(([name, values]) => [name, inTime(values).map(({ message }) => message.value)]),
  );
  return { topics, sinks, deadLetters };
}

/** Runs a chain over values; what an operator refuses leaves the state as it was, and the stream goes on. */
function process(
  chain: readonly Link[],
  values: readonly Timed[],
  output: Output,
): { results: Timed[]; refused: OperatorError[] } {
  const results: Timed[] = [];
  const refused: OperatorError[] = [];
  const state = new ChainState();
  const deliver = (message: Message): Message => {
    const last = chain.at(-1)?.name;
    if (output.kind === "topic") write(output.format ?? "number", message.value, last);
    else if (output.stages) for (const [i, stage] of stagesOf(message).entries()) writeToLog(stage, chain[i - 1]?.name);
    else writeToLog(message.value, last);
    return message;
  };
  for (const { atMs, message } of values) {
    try {
      const advanced = advance(chain, state, message, deliver);
      results.push(...advanced.outputs.map((each) => ({ atMs, message: each })));
      refused.push(...advanced.refused);
    } catch (error) {
      if (!(error instanceof OperatorError)) throw error;
      refused.push(error);
    }
  }
  return { results, refused };
}

/** As the next service reads it: on a topic, no record tells how it came to be. */
function arrived({ key, value, timestampMs }: Message): Message {
  return { key, value, timestampMs };
}

async function readSource({ path, everyMs, format }: Extract<Input, { kind: "file" }>): Promise<Timed[]> {
  const { values } = sourceValues(await readFile(path, "utf8"), format);
  return values.map((value, i) => ({
    atMs: i * everyMs,
    message: { key: null, value, timestampMs: i * everyMs },
  }));
}

async function chainOf({ apply }: Service): Promise<Link[]> {
  return Promise.all(apply.map(async (step) => linkOf(step, await loadOperator(step.module))));
}

/** Stable, so that values of one moment keep the order of their services. */
function inTime(values: readonly Timed[]): Timed[] {
  return [...values].sort((a, b) => a.atMs - b.atMs);
}
