import { InvalidArgumentError } from "commander";

/** Reads the value of an option that is a positive whole number. */
export function wholeNumber(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("Expected a whole number, at least 1.");
}
