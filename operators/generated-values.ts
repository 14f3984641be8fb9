import { ahead, fraction, next, warmedUp } from "./minstd.ts";

/** A stream of numbers that needs no file. */
export type Generator =
  /** Uniform in [low, high], in whatever unit; the same seed gives the same values. */
  | { readonly kind: "random"; readonly between: readonly [low: number, high: number]; readonly seed: number }
  /** start, start + step, start + 2 * step, ... */
  | { readonly kind: "sequence"; readonly start: number; readonly step: number };

/**
 * The values from number `from` (counted from 0) on, without an end. A value depends on its number alone, so a source that
 * starts again at its position goes on as if it had never stopped.
 */
export function* generatedValues(generator: Generator, from: number): Iterable<number> {
  switch (generator.kind) {
    case "sequence":
      for (let i = from; ; i++) yield generator.start + i * generator.step;
    case "random": {
      const [low, high] = generator.between;
      for (let state = ahead(warmedUp(generator.seed), from + 1); ; state = next(state)) {
        const part = fraction(state);
        yield low * (1 - part) + high * part;
      }
    }
    default:
      generator satisfies never;
  }
}
