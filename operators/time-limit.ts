import { fromMilliseconds } from "./duration.ts";
import { OperatorError } from "./operator-error.ts";

/** How far ahead of the clock an event time may be when a pipeline file says nothing else. */
export const DEFAULT_MAX_AHEAD = "30m";

/** Up to when event times are believed. */
export interface TimeLimit {
  /** Milliseconds since the epoch. */
  readonly latestMs: number;
  /** What is wrong with a time that is later. */
  problem(timestampMs: number): string;
}

/** A record with a later event time than its limit. It is refused before any state or output has to do with that time. */
export class AheadError extends OperatorError {}

export const ANY_TIME: TimeLimit = { latestMs: Number.POSITIVE_INFINITY, problem: String };

/** @param nowMs what the clock of whoever processes the record says */
export function aheadOf(nowMs: number, maxAheadMs: number): TimeLimit {
  return {
    latestMs: nowMs + maxAheadMs,
    problem: (timestampMs) => {
      const found = `event time ${isoOf(timestampMs)} is more than ${fromMilliseconds(maxAheadMs)} (maxAhead) ahead of the clock`;
      return `${found}, ${isoOf(nowMs)}; set the sender's clock right, or raise maxAhead`;
    },
  };
}

function isoOf(ms: number): string {
  return new Date(ms).toISOString();
}
