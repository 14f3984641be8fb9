import { expect } from "@jest/globals";
import { eventually } from "./eventually.ts";
import { committedValues } from "./kafka.ts";

/** What the course gives as right for the input 7 6 9 14 12 17 9 13 11 12 13 16 16 19, as the topics must carry it. */
export const aboveThreshold = "57.2 53.6 62.6 55.4 51.8 53.6 55.4 60.8 60.8 66.2".split(" ");
export const ewma =
  "55.400000000000006 59 57.2 54.5 54.05 54.724999999999994 57.762499999999996 59.28125 62.740625".split(" ");
export const movingAverage = "57.800000000000004 57.199999999999996 56.6 53.599999999999994 53.6 56.6 59 62.6".split(
  " ",
);

/** Waits until kafka_chaining has computed all that there is to compute, and nothing else. */
export async function knownValuesArrive(): Promise<void> {
  await eventually("the known values are in the topics", 60_000, async () => {
    expect(await committedValues("temperatures_moving_average")).toEqual(movingAverage);
    expect(await committedValues("temperatures_ewma")).toEqual(ewma);
  });
  expect(await committedValues("temperatures_above_threshold")).toEqual(aboveThreshold);
}
