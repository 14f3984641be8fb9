import { type Branch, branchFor } from "../operators/branch.ts";
import { advance, linkOf, pathOf, stagesOf } from "../operators/chain.ts";
import { ChainState } from "../operators/chain-state.ts";
import { toMilliseconds } from "../operators/duration.ts";
import { isEventTime, parseTime } from "../operators/event-time.ts";
import { type Format, fits, inOneLine, read, write, writeLine, writeToLog } from "../operators/format.ts";
import type { Link, Message } from "../operators/message.ts";
import { jsonOf } from "../operators/message-text.ts";
import type { RecordContext } from "../operators/operator.ts";
import { OperatorError } from "../operators/operator-error.ts";
import { jsonOrWords, messageOf, shown } from "../operators/shown.ts";
import { ANY_TIME, aheadOf, DEFAULT_MAX_AHEAD } from "../operators/time-limit.ts";
import { loadPipeline } from "./load-pipeline.ts";
import { loadOperator } from "./operator-module.ts";
import { openPacedSource, type PacedSource } from "./paced-source.ts";
import { type Output, type Pipeline, type Service, type Step, topicsOf } from "./pipeline.ts";
import { changelogWeight, isCompacted, maxRecordBytesOf, recordBytes } from "./record-limits.ts";

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

export interface DriverOptions {
  /**
   * What the services' clocks show when time starts, such as 2026-11-29T12:00:00Z; event times that are `maxAhead` ahead of them
   * are refused. Without it time starts in 1970, and no event time is too far ahead.
   */
  readonly clock?: string;
}

interface Due {
  readonly running: Running;
  readonly source: PacedSource;
  /** Milliseconds from the start. */
  readonly dueMs: number;
}

/**
 * A whole pipeline without Kafka and without waiting: the operators, formats, keys, event times and refusals are the very ones
 * that run on the cluster; time is virtual, starts at 0 or at the clock that it is given, and moves only when told. A topic
 * counts as one partition. The idea is that of Kafka Streams' TopologyTestDriver.
 */
export class PipelineDriver {
  readonly #pipeline: Pipeline;
  readonly #running: readonly Running[];
  readonly #topics: ReadonlyMap<string, Held[]>;
  readonly #startMs: number;
  readonly #isClockKnown: boolean;
  /** Since the start. */
  #passedMs = 0;

  /** `openDriver` makes one. @param clockMs as of its options, in milliseconds since the epoch */
  constructor(pipeline: Pipeline, running: readonly Running[], clockMs?: number) {
    this.#pipeline = pipeline;
    this.#running = running;
    this.#startMs = clockMs ?? 0;
    this.#isClockKnown = clockMs !== undefined;
    const streams = pipeline.topics.filter(({ role }) => role === "stream");
    this.#topics = new Map(streams.map(({ name }) => [name, []]));
  }

  /** Sends a record to a topic, as a program from outside would; its event time is the virtual time if none is given. */
  send(topic: string, value: unknown, { key = null, timestampMs = this.#nowMs }: Partial<RecordContext> = {}): void {
    const isText = this.#formatOf(topic) === "text" && typeof value === "string";
    this.#append(topic, { key, value, timestampMs }, isText ? value : jsonOrWords(value));
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
    const until = this.#passedMs + ms;
    for (let next = this.#nextDue(); next !== undefined && next.dueMs <= until; next = this.#nextDue())
      this.#send(next);
    this.#passedMs = until;
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

  get #nowMs(): number {
    return this.#startMs + this.#passedMs;
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
    this.#passedMs = dueMs;
    const { value, text } = source.take();
    const record = { key: null, value, timestampMs: this.#nowMs };
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
        case "log": {
          mustBePrintable(output, chain, message);
          const shownInLog = printedOf(message);
          return () => printed.push(shownInLog);
        }
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
          this.#mustBeTaken(topic, message, written, last ?? service.name);
          const value = read(format, written);
          return () => this.#append(topic, { ...message, value }, written);
        }
        default:
          return output satisfies never;
      }
    };
    let outputs: readonly (() => unknown)[] = [];
    try {
      mustBeReadable(service, format, record.value);
      const source = text === undefined || format === "text" ? undefined : () => text;
      const { maxAheadMs = toMilliseconds(DEFAULT_MAX_AHEAD) } = service;
      const limit = this.#isClockKnown ? aheadOf(this.#nowMs, maxAheadMs) : ANY_TIME;
      const advanced = advance(chain, state, { ...record, source }, deliver, limit);
      refused.push(...advanced.refused);
      outputs = advanced.outputs;
    } catch (error) {
      const isOurs = error instanceof OperatorError;
      refused.push(isOurs ? error : new OperatorError(service.name, record.value, messageOf(error), error));
    }
    // What goes wrong further on is not this record's.
    for (const deliverNow of outputs) deliverNow();
  }

  /** Kafka would refuse it. */
  #mustBeTaken(topic: string, { key, value }: Message, text: string, emitter: string): void {
    const bytes = recordBytes(key, text);
    const maxBytes = maxRecordBytesOf(this.#pipeline, topic);
    if (bytes > maxBytes)
      throw new OperatorError(emitter, value, `emitted a record of ${bytes} bytes; ${topic} takes at most ${maxBytes}`);
    if (key === null && isCompacted(this.#pipeline, topic))
      throw new OperatorError(emitter, value, `emitted a record without a key; ${topic} is compacted and takes none`);
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
export async function openDriver(pipeline: Pipeline | string, { clock }: DriverOptions = {}): Promise<PipelineDriver> {
  const clockMs = clock === undefined ? undefined : parseTime(clock);
  if (clockMs !== undefined && !isEventTime(clockMs))
    throw new Error(`clock: expected a time such as 2026-11-29T12:00:00Z, found ${clock}`);
  const loaded = typeof pipeline === "string" ? await loadPipeline(pipeline) : pipeline;
  const running = await Promise.all(
    loaded.services.map(async (service) => {
      const chain = await chainOf(service);
      const { changelogTopic } = service;
      const weigh =
        changelogTopic === undefined ? undefined : changelogWeight(chain, maxRecordBytesOf(loaded, changelogTopic));
      return {
        service,
        chain,
        branches: await branchesOf(service),
        state: new ChainState(undefined, weigh),
        printed: [],
        lines: [],
        refused: [],
        source: await openPacedSource(service.input),
      };
    }),
  );
  return new PipelineDriver(loaded, running, clockMs);
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
  if (!fits(format, value)) throw new OperatorError(name, value, `expected format ${format}, found ${shown(value)}`);
}

function printedOf(message: Message): Printed {
  // A stage that no log shows may be none of JSON.
  const texts = pathOf(message).map((each) =>
    fits("json", each.value) ? inOneLine(jsonOf(each)) : jsonOrWords(each.value),
  );
  return { stages: stagesOf(message), texts };
}

function mustBePrintable({ stages }: LogOutput, chain: readonly Link[], message: Message): void {
  if (stages) for (const [i, stage] of stagesOf(message).entries()) writeToLog(stage, chain[i - 1]?.name);
  else writeToLog(message.value, chain.at(-1)?.name);
}

function known<T>(found: T | undefined, what: string, name: string, names: Iterable<string>): T {
  if (found !== undefined) return found;
  throw new Error(`there is no ${what} ${JSON.stringify(name)}; expected one of ${[...names].join(", ")}`);
}
