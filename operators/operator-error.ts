/** A value that an operator refused or broke on: the record it came from is poison, and the stream can go on. */
export class OperatorError extends Error {
  /** Undefined when no operator had to do with it yet. */
  readonly operator: string | undefined;
  readonly value: unknown;

  constructor(operator: string | undefined, value: unknown, problem: string, cause?: unknown) {
    super(operator === undefined ? problem : `${operator}: ${problem}`, { cause });
    this.name = "OperatorError";
    this.operator = operator;
    this.value = value;
  }
}
