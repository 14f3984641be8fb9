import type { Operator, RecordContext } from "./operator.ts";

/** One operator of a chain with its validated parameters. `name` is what a fault calls it, and its state. */
export interface Link {
  readonly name: string;
  readonly operator: Operator;
  readonly params: unknown;
  /** The field of an object that it works on; the whole value when it is left out. */
  readonly field?: string;
}

/** A value on its way through a chain. */
export interface Message extends RecordContext {
  readonly value: unknown;
  /** Of what entered the chain: the JSON text that the value was read from, if it was. */
  readonly source?: (() => string) | undefined;
  /** What it was made from, and by which link; absent for what entered the chain. */
  readonly before?: Message;
  readonly by?: Link;
  /** Whether it stands for more than the record at hand, as a window's result does. */
  readonly isResult?: boolean;
}
