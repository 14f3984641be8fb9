import { InvalidArgumentError } from "commander";

/** Reads an argument such as `20ms`. */
export function milliseconds(text: string): number {
  const [, digits] = /^(\d{1,5})ms$/.exec(text) ?? [];
  if (digits !== undefined && Number(digits) > 0) return Number(digits);
  throw new InvalidArgumentError("Expected milliseconds, such as 20ms.");
}
