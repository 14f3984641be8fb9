/** Why a record comes too late; the window that it belongs to has given its result. */
export function lateness(timestampMs: number, streamTimeMs: number, graceMs: number): Error {
  const found = `late record of ${moment(timestampMs)}: event time had reached ${moment(streamTimeMs)}`;
  return new Error(`${found}, so its window was closed; a grace longer than ${graceMs} ms keeps windows open`);
}

function moment(timestampMs: number): string {
  return new Date(timestampMs).toISOString();
}
