import { string } from "./operator.ts";

const MILLISECONDS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** A number with its unit, no space between: 100ms, 3s, 1.5m, 2d. */
export const DURATION = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/;

/** The duration in whole milliseconds. Throws on text that DURATION does not match. */
export function toMilliseconds(duration: string): number {
  const [, amount, unit] = DURATION.exec(duration) ?? [];
  if (amount === undefined || unit === undefined) throw new RangeError(`${duration} is not a duration`);
  return Math.round(Number(amount) * MILLISECONDS[unit as keyof typeof MILLISECONDS]);
}

/** As `toMilliseconds` reads it, in the largest unit that needs no fraction: 90s, 2h. */
export function fromMilliseconds(ms: number): string {
  const units = Object.entries(MILLISECONDS).reverse();
  const [unit, size] = units.find(([, each]) => ms !== 0 && ms % each === 0) ?? ["ms", 1];
  return `${ms / size}${unit}`;
}

/** A parameter written as a duration such as 1m, and read as whole milliseconds. */
export const duration = () =>
  string()
    .regex(DURATION)
    .meta({ title: "a duration", examples: ["100ms", "3s", "1m"] })
    .transform(toMilliseconds);

/** As `duration`, of at least a millisecond. */
export const positiveDuration = () => {
  const expected = { title: "a duration of at least 1ms", examples: ["100ms", "3s", "1m"], pattern: DURATION.source };
  return string()
    .refine((text) => DURATION.test(text) && toMilliseconds(text) > 0, { abort: true })
    .meta(expected)
    .transform(toMilliseconds);
};
