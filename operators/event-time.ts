/** The greatest time that a Date can tell. */
export const LAST_TIMESTAMP_MS = 8.64e15;

/** Whether milliseconds since the epoch are an event time. */
export function isTime(timestampMs: number): boolean {
  return timestampMs >= 0 && timestampMs <= LAST_TIMESTAMP_MS;
}
