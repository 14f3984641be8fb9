/** A value that an operator refused or broke on: the record it came from is poison, and the stream can go on. */
export class OperatorError extends Error {
  readonly operator: string;
  readonly value: unknown;

  constructor(operator: string, value: unknown, problem: string, cause?: unknown) {
    super(`${operator}: ${problem}`, { cause });
    this.name = "OperatorError";
    this.operator = operator;
    this.value = value;
  }
}
