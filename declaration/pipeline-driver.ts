import { type Branch, branchFor } from "../operators/branch.ts";
import { advance, type Link, linkOf, type Message, pathOf, stagesOf } from "../operators/chain.ts";
import { ChainState } from "../operators/chain-state.ts";
import { type Format, fits, inOneLine, read, write, writeLine, writeToLog } from "../operators/format.ts";
import { jsonOf } from "../operators/message-text.ts";
import type { RecordContext } from "../operators/operator.ts";
import { OperatorError } from "../operators/operator-error.ts";
import { loadPipeline } from "./load-pipeline.ts";
import { loadOperator } from "./operator-module.ts";
import { openPacedSource, type PacedSource } from "./paced-source.ts";
import { type Output, type Pipeline, type Service, type Step, topicsOf } from "./pipeline.ts";

/** A record of a topic. */
export interface TopicRecord extends RecordContext {
  readonly value: unknown;
}

/** A record and the text of its value, as it stands in the topic. */
interface Held {
  readonly record: TopicRecord;
  readonly text: string;
}

/** A value as its stages, and as what is printed of each. */
interface Printed {
  readonly stages: readonly unknown[];
  readonly texts: readonly string[];
}

type LogOutput = Extract<Output, { readonly kind: "log" }>;

/** A service while it is driven. */
interface Running {
  readonly service: Service;
  readonly chain: readonly Link[];
  /** Where values go that come out of the chain; none for a sink. */
  readonly branches: readonly Branch[];
  readonly state: ChainState;
  readonly printed: Printed[];
  /** Lines of its file. */
  readonly lines: string[];
  readonly refused: OperatorError[];
  /** What it sends of itself. */
  readonly source: PacedSource | undefined;
}

interface Due {
  readonly running: Running;
  readonly source: PacedSource;
  /** Milliseconds from the start. */
  readonly dueMs: number;
}

/**
 * A whole pipeline without Kafka and without waiting: the operators, formats, keys, event times and refusals are the very ones
 * that run on the cluster; time is virtual, starts at 0 and moves only when told. A topic counts as one partition. The
 * idea is that of Kafka Streams' TopologyTestDriver.
 */
export class PipelineDriver {
  readonly #running: readonly Running[];
  readonly #topics: ReadonlyMap<string, Held[]>;
  #nowMs = 0;

  /** `openDriver` makes one. */
  constructor(pipeline: Pipeline, running: readonly Running[]) {
    this.#running = running;
    const streams = pipeline.topics.filter(({ role }) => role === "stream");
    this.#topics = new Map(streams.map(({ name }) => [name, []]));
  }

  /** Sends a record to a topic, as a program from outside would; its event time is the virtual time if none is given. */
  send(topic: string, value: unknown, { key = null, timestampMs = this.#nowMs }: Partial<RecordContext> = {}): void {
    const isText = this.#formatOf(topic) === "text" && typeof value === "string";
    this.#append(topic, { key, value, timestampMs }, isText ? value : (JSON.stringify(value) ?? String(value)));
  }

  /** As `send`, for a value as its text stands in the topic: JSON says more than a value of JavaScript can hold. */
  sendText(topic: string, text: string, { key = null, timestampMs = this.#nowMs }: Partial<RecordContext> = {}): void {
    this.#append(topic, { key, value: read(this.#formatOf(topic), text), timestampMs }, text);
  }

  /** Lets the file that a service follows get values, as another program would write them. */
  grow(service: string, ...values: readonly unknown[]): void {
    const running = this.#service(service);
    const { input } = running.service;
    if (input.kind !== "follow") throw new Error(`service ${service} does not follow a file`);
    for (const value of values) this.#process(running, { key: null, value, timestampMs: this.#nowMs }, input.format);
  }

  /** Lets so many milliseconds pass: sources send what falls due, the end included; at one moment, in the order of the file. */
  pass(ms: number): void {
    const until = this.#nowMs + ms;
    for (let next = this.#nextDue(); next !== undefined && next.dueMs <= until; next = this.#nextDue())
      this.#send(next);
    this.#nowMs = until;
  }

  /**
   * Lets time pass until every source is at its end. One without an end has then sent at least 100 values; while others go on, so
   * does it, up to 100,000 values, and then sends no more.
   */
  finish(): void {
    while (this.#running.some(({ source }) => source?.isFinished === false)) {
      const next = this.#nextDue();
      if (next === undefined) continue;
      this.#send(next);
      next.source.cut();
    }
  }

  /** How many values of a service's source `finish` took, if it did not let the source go on; undefined otherwise. */
  cutAfter(service: string): number | undefined {
    return this.#service(service).source?.cutAfter;
  }

  /** All records of a topic, in the order in which they got there. */
  records(topic: string): readonly TopicRecord[] {
    return this.#topic(topic).map(({ record }) => record);
  }

  /** Their values. */
  values(topic: string): readonly unknown[] {
    return this.#topic(topic).map(({ record }) => record.value);
  }

  /** The same as they stand in the topic: with all digits of a number, where a value has those of a double. */
  texts(topic: string): readonly string[] {
    return this.#topic(topic).map(({ text }) => text);
  }

  /** What a service with a log for its sink printed: each value as its stages, from what was read to what is printed. */
  printed(service: string): readonly (readonly unknown[])[] {
    return this.#service(service).printed.map(({ stages }) => stages);
  }

  /** The same as text: JSON, in one line each. */
  printedTexts(service: string): readonly (readonly string[])[] {
    return this.#service(service).printed.map(({ texts }) => texts);
  }

  /** The lines that a service wrote to its file. */
  lines(service: string): readonly string[] {
    return this.#service(service).lines;
  }

  /** Why each record among a service's dead letters was refused. */
  deadLetters(service: string): readonly OperatorError[] {
    return this.#service(service).refused;
  }

  #nextDue(): Due | undefined {
    const sources = this.#running.flatMap((running) => {
      const { source } = running;
      return source === undefined ? [] : [{ running, source, dueMs: source.dueMs }];
    });
    const dueMs = Math.min(...sources.map((each) => each.dueMs));
    return Number.isFinite(dueMs) ? sources.find((each) => each.dueMs === dueMs) : undefined;
  }

  #send({ running, source, dueMs }: Due): void {
    const { input } = running.service;
    this.#nowMs = dueMs;
    const { value, text } = source.take();
    const record = { key: null, value, timestampMs: dueMs };
    this.#process(running, record, input.kind === "file" ? input.format : undefined, text);
  }

  #append(topic: string, { key, value, timestampMs }: TopicRecord, text: string): void {
    // A record of a topic does not tell how it came to be.
    const record = { key, value, timestampMs };
    this.#topic(topic).push({ record, text });
    for (const reader of this.#running) {
      const read = topicsOf(reader.service.input).find((each) => each.topic === topic);
      if (read !== undefined) this.#process(reader, record, read.format, text);
    }
  }

  #process(running: Running, record: TopicRecord, format: Format = "number", text?: string): void {
    const { service, chain, branches, state, printed, lines, refused } = running;
    const { output } = service;
    const last = chain.at(-1)?.name;
    const deliver = (message: Message) => {
      const inJson = () => jsonOf(message);
      switch (output.kind) {
        case "log":
          mustBePrintable(output, chain, message);
          return () => printed.push(printedOf(message));
        case "file": {
          const line = writeLine(output.format ?? "number", message.value, last, inJson);
          return () => lines.push(line);
        }
        case "topic":
        case "branches": {
          const branch = branchFor(branches, message);
          if (branch === undefined) return () => {};
          const { topic, format = "number" } = branch;
          const written = write(format, message.value, last, inJson);
          return () => this.#append(topic, { ...message, value: read(format, written) }, written);
        }
        default:
          return output satisfies never;
      }
    };
    try {
      mustBeReadable(service, format, record.value);
      const source = text === undefined || format === "text" ? undefined : () => text;
      const advanced = advance(chain, state, { ...record, source }, deliver);
      refused.push(...advanced.refused);
      for (const deliverNow of advanced.outputs) deliverNow();
    } catch (error) {
      if (!(error instanceof OperatorError)) throw error;
      refused.push(error);
    }
  }

  #formatOf(topic: string): Format {
    const named = this.#running.flatMap(({ service: { input, output } }) => [...topicsOf(input), ...topicsOf(output)]);
    return named.find((each) => each.topic === topic)?.format ?? "number";
  }

  #topic(name: string): Held[] {
    return known(this.#topics.get(name), "topic", name, this.#topics.keys());
  }

  #service(name: string): Running {
    const names = this.#running.map(({ service }) => service.name);
    return known(this.#running[names.indexOf(name)], "service", name, names);
  }
}

/** `pipeline` is one that was loaded, or the path of its file, which is then loaded and checked. */
export async function openDriver(pipeline: Pipeline | string): Promise<PipelineDriver> {
  const loaded = typeof pipeline === "string" ? await loadPipeline(pipeline) : pipeline;
  const running = await Promise.all(
    loaded.services.map(async (service) => ({
      service,
      chain: await chainOf(service),
      branches: await branchesOf(service),
      state: new ChainState(),
      printed: [],
      lines: [],
      refused: [],
      source: await openPacedSource(service.input),
    })),
  );
  return new PipelineDriver(loaded, running);
}

async function chainOf({ apply }: Service): Promise<Link[]> {
  return Promise.all(apply.map(loadLink));
}

async function branchesOf({ output }: Service): Promise<Branch[]> {
  if (output.kind !== "branches") return [...topicsOf(output)];
  return Promise.all(
    output.branches.map(async ({ when, ...named }) =>
      when === undefined ? named : { ...named, when: await loadLink(when) },
    ),
  );
}

async function loadLink(step: Step): Promise<Link> {
  return linkOf(step, await loadOperator(step.module));
}

/** A value that was sent from outside may not be what its topic says. */
function mustBeReadable({ name }: Service, format: Format, value: unknown): void {
  if (!fits(format, value))
    throw new OperatorError(name, value, `expected format ${format}, found ${JSON.stringify(value)}`);
}

function printedOf(message: Message): Printed {
  return { stages: stagesOf(message), texts: pathOf(message).map((each) => inOneLine(jsonOf(each))) };
}

function mustBePrintable({ stages }: LogOutput, chain: readonly Link[], message: Message): void {
  if (stages) for (const [i, stage] of stagesOf(message).entries()) writeToLog(stage, chain[i - 1]?.name);
  else writeToLog(message.value, chain.at(-1)?.name);
}

function known<T>(found: T | undefined, what: string, name: string, names: Iterable<string>): T {
  if (found !== undefined) return found;
  throw new Error(`there is no ${what} ${JSON.stringify(name)}; expected one of ${[...names].join(", ")}`);
}
