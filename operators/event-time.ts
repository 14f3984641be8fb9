/** The greatest time that a Date can tell. */
export const LAST_TIME_MS = 8.64e15;

/** Whether a value is an event time: whole milliseconds since the epoch. */
export function isEventTime(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= LAST_TIME_MS;
}
