/** The greatest time that a Date can tell. */
export const LAST_TIME_MS = 8.64e15;

/** Whether a value is an event time: whole milliseconds since the epoch. */
export function isEventTime(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= LAST_TIME_MS;
}

/** With a zone, as otherwise the moment would depend on where it is read. */
const ISO_8601 = /^(\d{4})-(\d\d)-(\d\d)T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/;

/** Milliseconds since the epoch; NaN for what is no time. Date.parse takes 30 February for 2 March. */
export function parseTime(text: string): number {
  const [, year, month, day] = ISO_8601.exec(text) ?? [];
  const daysOfMonth = new Date(Date.UTC(Number(year), Number(month), 0)).getUTCDate();
  return Number(day) <= daysOfMonth ? Date.parse(text) : Number.NaN;
}
