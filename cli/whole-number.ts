import { InvalidArgumentError } from "commander";

/** Reads the value of an option that is a positive whole number. */
export function wholeNumber(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("Wanted a whole number, 1 or more.");
}
