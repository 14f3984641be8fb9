import { readFile } from "node:fs/promises";
import { generatedValues } from "../operators/generated-values.ts";
import { sourceValues } from "../operators/source-values.ts";
import type { Input } from "./pipeline.ts";

/** How many values of a source without an end are enough to see what it is like. */
const ENOUGH = 100;

/** How many are too many to wait for a source that is slow: it goes on alone. */
const MOST = 100_000;

/** A value, and the text that it was read from, if it was. */
export interface PacedValue {
  readonly value: unknown;
  readonly text?: string;
}

/** A source on virtual time: its values, and when each is due. */
export class PacedSource {
  readonly #values: Iterator<PacedValue>;
  readonly #everyMs: number;
  readonly #isEndless: boolean;
  #next: IteratorResult<PacedValue>;
  #sent = 0;
  #isCut = false;

  constructor(values: Iterable<PacedValue>, everyMs: number, isEndless: boolean) {
    this.#values = values[Symbol.iterator]();
    this.#everyMs = everyMs;
    this.#isEndless = isEndless;
    this.#next = this.#values.next();
  }

  /** When the next value is due, in milliseconds from the start; Infinity at the end. */
  get dueMs(): number {
    return this.#next.done ? Infinity : this.#sent * this.#everyMs;
  }

  /** Nothing more is to come, or nothing new. */
  get isFinished(): boolean {
    return this.#next.done === true || (this.#isEndless && this.#sent >= ENOUGH);
  }

  /** Without an end, and cut: how many values it has sent. */
  get cutAfter(): number | undefined {
    return this.#isCut ? this.#sent : undefined;
  }

  /** Ends a source without an end that has sent more than anybody looks at. */
  cut(): void {
    if (!this.#isEndless || this.#sent < MOST) return;
    this.#isCut = true;
    this.#next = { done: true, value: undefined };
  }

  /** Only before the end. */
  take(): PacedValue {
    const { value } = this.#next;
    this.#next = this.#values.next();
    this.#sent++;
    return value;
  }
}

/** Undefined for what reads topics. */
export async function openPacedSource(input: Input): Promise<PacedSource | undefined> {
  switch (input.kind) {
    case "file": {
      const { values } = sourceValues(await readFile(input.path), input.format);
      return new PacedSource(values, input.everyMs, false);
    }
    case "random":
    case "sequence": {
      const { count = Infinity, everyMs } = input;
      return new PacedSource(first(count, generatedValues(input, 0)), everyMs, count === Infinity);
    }
    case "topic":
    case "topics":
    case "follow":
      return undefined;
    default:
      return input satisfies never;
  }
}

function* first(count: number, values: Iterable<unknown>): Iterable<PacedValue> {
  let left = count;
  for (const value of values) {
    if (left-- === 0) return;
    yield { value };
  }
}
