/** With a zone, as otherwise the moment would depend on where it is read. */
const ISO_8601 = /^(\d{4})-(\d\d)-(\d\d)T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/;

/** The greatest time that a Date can tell. */
export const LAST_TIMESTAMP_MS = 8.64e15;

/** Whether milliseconds since the epoch are an event time. */
export function isTime(timestampMs: number): boolean {
  return timestampMs >= 0 && timestampMs <= LAST_TIMESTAMP_MS;
}

/** Milliseconds since the epoch; NaN for what is no time. Date.parse takes 30 February for 2 March. */
export function parseTime(text: string): number {
  const [, year, month, day] = ISO_8601.exec(text) ?? [];
  const daysOfMonth = new Date(Date.UTC(Number(year), Number(month), 0)).getUTCDate();
  return Number(day) <= daysOfMonth ? Date.parse(text) : Number.NaN;
}
