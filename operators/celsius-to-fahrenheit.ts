import { map, number } from "./operator.ts";

/**
 * Degrees Celsius to degrees Fahrenheit: F = C*9/5 + 32, multiplied before divided, as the exact ratio is 9:5.
 * Source: NIST Special Publication 811 (2008), B.8.
 */
export const celsiusToFahrenheit = map({
  value: number(),
  step: (_, celsius) => (celsius * 9) / 5 + 32,
});
