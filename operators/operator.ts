import { type output, strictObject, ZodNumber, type ZodObject, type ZodRawShape, type ZodType, ZodUnknown } from "zod";

export { array, boolean, enum as oneOf, int, number, object, string, union, unknown } from "zod";

/**
 * A pure step of a stream: what becomes of one value. It never sees Kafka, clocks or files, so that it gives the same
 * answer on a Pi, in a test and in an offline check. P are its parameters, S its state, I what it takes, O what it emits.
 */
export interface Operator<P = unknown, S = unknown, I = unknown, O = unknown> {
  /** What may stand under the operator's name in a pipeline file. */
  readonly params: ZodType<P>;
  /** What a value must be; a record that is not is refused before `step` sees it. Checked, never converted. */
  readonly value: ZodType<I>;
  /** Whether a value is so. */
  accepts(value: unknown): boolean;
  /** Whether the state must outlive the process. */
  readonly stateful: boolean;
  /** Whether it may give records another key. */
  readonly rekeys: boolean;
  /** Whether all it does is keep values or drop them, so that it can choose what goes to a branch. */
  readonly filters: boolean;
  /** Whether `step` is given the text of the value. */
  readonly exact: boolean;
  /** How it moves values without a change; undefined when it may change them. */
  moves?(params: P): Move;
  /** What the state's meaning depends on: with another basis than before it starts anew. Plain JSON. */
  stateDependsOn(params: P): StateBasis;
  /** The state before the first value. State is plain JSON, because it is kept in a changelog topic. */
  initial(params: P): S;
  /** One value in; the next state and any number of values out. Must leave `state` itself unchanged. */
  step(params: P, state: S, value: I, record: RecordAtHand): readonly [S, readonly O[]];
}

/** What becomes of a value that is moved: the field at a path of it, or a field of a new object; without both, itself. */
export interface Move {
  readonly from?: string;
  readonly into?: string;
}

/** By name, as parameters are, so that a preview can tell which of it changed. */
export type StateBasis = Readonly<Record<string, unknown>>;

/** What an operator is told of the record that carries a value. */
export interface RecordContext {
  /** The record's key as text; null when it has none. Every key has a state of its own. */
  readonly key: string | null;
  /** Event time: milliseconds since the epoch, a whole number >= 0. */
  readonly timestampMs: number;
}

/** The record that carries a value, as `step` sees it. */
export interface RecordAtHand extends RecordContext {
  /**
   * The value, or the field at a path of it, as the JSON text that it came as: with all digits of a number that no double
   * holds. Only for an operator that is `exact`.
   */
  text?(path?: string): string;
}

type ParamsOf<Shape extends ZodRawShape> = output<ZodObject<Shape>>;

interface Definition<Shape extends ZodRawShape, I> {
  /** One schema a parameter; `.default()` makes it optional. Without any, the operator is written as its bare name. */
  readonly params?: Shape;
  /** What is wrong with parameters that are right each by itself: which one, and what was wanted of it. */
  check?(params: ParamsOf<Shape>): { readonly at: keyof Shape & string; readonly expected: string } | undefined;
  /** What a value must be. */
  readonly value: ZodType<I>;
  /** Whether it forwards values with another key. */
  readonly rekeys?: boolean;
  /** Whether `step` needs `record.text`, because it tells numbers apart. */
  readonly exact?: boolean;
  /** For an operator that never changes a value, only moves it: what it moves keeps the text that it came as. */
  moves?(params: ParamsOf<Shape>): Move;
}

/** An operator with state, one for each key: `step(params, state, value, record)` gives the next one and what to emit. */
export function fold<I, S, O, Shape extends ZodRawShape = Record<never, ZodType>>(
  definition: Definition<Shape, I> & {
    readonly initial: S | ((params: ParamsOf<Shape>) => S);
    /**
     * What the state's meaning depends on, as `({ size }) => ({ size })`: while it stays the same an edited pipeline goes on
     * from the state, else it starts anew. Left out, every edit of parameters or code goes on from it.
     */
    stateDependsOn?(params: ParamsOf<Shape>): StateBasis;
    step(params: ParamsOf<Shape>, state: S, value: I, record: RecordAtHand): readonly [S, readonly O[]];
  },
): Operator<ParamsOf<Shape>, S, I, O> {
  const { initial, stateDependsOn = () => ({}) } = definition;
  return brand({
    stateful: true,
    ...common(definition),
    filters: false,
    stateDependsOn,
    initial: (params) => (initial instanceof Function ? initial(params) : initial),
    step: definition.step,
  });
}

/** An operator that turns every value into any number of values, none included. */
export function flatMap<I, O, Shape extends ZodRawShape = Record<never, ZodType>>(
  definition: Definition<Shape, I> & {
    step(params: ParamsOf<Shape>, value: I, record: RecordAtHand): readonly O[];
  },
): Operator<ParamsOf<Shape>, null, I, O> {
  return stateless(definition, false);
}

/** An operator that turns every value into exactly one. */
export function map<I, O, Shape extends ZodRawShape = Record<never, ZodType>>(
  definition: Definition<Shape, I> & { step(params: ParamsOf<Shape>, value: I, record: RecordAtHand): O },
): Operator<ParamsOf<Shape>, null, I, O> {
  return flatMap({ ...definition, step: (params, value, record) => [definition.step(params, value, record)] });
}

/** An operator that keeps the values for which `step` is true and drops the others. */
export function filter<I, Shape extends ZodRawShape = Record<never, ZodType>>(
  definition: Definition<Shape, I> & { step(params: ParamsOf<Shape>, value: I, record: RecordAtHand): boolean },
): Operator<ParamsOf<Shape>, null, I, I> {
  const step = (params: ParamsOf<Shape>, value: I, record: RecordAtHand) =>
    definition.step(params, value, record) ? [value] : [];
  return stateless({ ...definition, step }, true);
}

/** The result of a fold's step whose state is also what it emits. */
export function emit<S>(state: S): readonly [S, readonly S[]] {
  return [state, [state]];
}

/**
 * A value that goes on with another key or event time than those of the record at hand. From a fold it is a record of its
 * own, the result of a window, say: when it is refused further on, the record that happened to bring it out is not.
 */
export interface Forwarded<O = unknown> extends Partial<RecordContext> {
  readonly value: O;
}

export function forward<O>(value: O, context: Partial<RecordContext>): Forwarded<O> {
  return Object.defineProperty({ ...context, value }, forwarded, { value: true });
}

export function isForwarded(output: unknown): output is Forwarded {
  return typeof output === "object" && output !== null && forwarded in output;
}

// Registered by name, because a bundle or a user's folder may hold its own copy of this file.
const marker = Symbol.for("bramble.operator");
const forwarded = Symbol.for("bramble.forwarded");

export function isOperator(candidate: unknown): candidate is Operator {
  return typeof candidate === "object" && candidate !== null && marker in candidate;
}

/** The operators among a module's exports; a file of an operator exports exactly one, under a name of its choice. */
export function operatorsIn(exports: object): readonly Operator[] {
  return Object.values(exports).filter(isOperator);
}

function stateless<I, O, Shape extends ZodRawShape>(
  definition: Definition<Shape, I> & {
    step(params: ParamsOf<Shape>, value: I, record: RecordAtHand): readonly O[];
  },
  filters: boolean,
): Operator<ParamsOf<Shape>, null, I, O> {
  return brand({
    stateful: false,
    ...common(definition),
    filters,
    stateDependsOn: () => ({}),
    initial: () => null,
    step: (params, _, value, record) => [null, definition.step(params, value, record)],
  });
}

function common<I, Shape extends ZodRawShape>(definition: Definition<Shape, I>) {
  const { value, rekeys = false, exact = false, moves } = definition;
  return { params: paramsSchema(definition), value, rekeys, exact, ...(moves && { moves }) };
}

function brand<P, S, I, O>(operator: Omit<Operator<P, S, I, O>, "accepts">): Operator<P, S, I, O> {
  return Object.defineProperty({ ...operator, accepts: acceptsOf(operator.value) }, marker, { value: true });
}

/** What `safeParse` says of every value, without making anything for the two kinds that nearly all operators take. */
function acceptsOf(schema: ZodType): (value: unknown) => boolean {
  const { checks = [], coerce = false } = schema.def as ZodType["def"] & { readonly coerce?: boolean };
  if (checks.length === 0 && !coerce) {
    if (schema.constructor === ZodNumber) return Number.isFinite;
    if (schema.constructor === ZodUnknown) return () => true;
  }
  return (value) => schema.safeParse(value).success;
}

function paramsSchema<Shape extends ZodRawShape>({
  params,
  check,
}: Pick<Definition<Shape, unknown>, "params" | "check">): ZodType<ParamsOf<Shape>> {
  const schema = strictObject(params ?? {}) as unknown as ZodType<ParamsOf<Shape>>;
  if (check === undefined) return schema;
  return schema.superRefine((value, { issues, addIssue }) => {
    const problem = issues.length === 0 ? check(value) : undefined;
    if (problem) addIssue({ code: "custom", path: [problem.at], message: problem.expected });
  });
}
