import type { OutgoingRecord } from "./kafka.ts";

/** Upper bound of the record's encoded size: 25 bytes cover its lengths, attributes, timestamp and offset. */
export function sizeOf({
  key,
  value,
  headers = {},
}: Pick<OutgoingRecord, "key" | "value" | "headers"> & Partial<OutgoingRecord>): number {
  let bytes = 25 + Buffer.byteLength(key ?? "") + Buffer.byteLength(value ?? "");
  for (const [name, values] of Object.entries(headers)) {
    for (const each of values) bytes += 10 + Buffer.byteLength(name) + each.length;
  }
  return bytes;
}
