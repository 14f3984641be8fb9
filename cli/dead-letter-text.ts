import type { DeadLetterCount, Standing } from "../replay/dead-letters.ts";
import type { PutBack } from "../replay/put-back.ts";
import type { DeadLetter, Place } from "../runtime/dead-letter.ts";
import { columns } from "./columns.ts";

/** How much of a key and a value is shown. */
const EXCERPT = 60;

/** A service with the counts of its dead letters, or why its topic has none. */
export interface CountedService {
  readonly name: string;
  readonly deadLetterTopic: string;
  readonly count: DeadLetterCount | "does not exist" | "cannot be read now";
}

export function countsTable(services: readonly CountedService[]): string {
  return columns([
    ["SERVICE", "WAITING", "PUT BACK", "NEWEST", "TOPIC"],
    ...services.map(({ name, deadLetterTopic, count }) =>
      typeof count === "string"
        ? [name, "-", "-", "-", `${deadLetterTopic} (${count})`]
        : [
            name,
            String(count.waiting),
            String(count.putBack),
            count.newest === undefined ? "-" : when(count.newest),
            deadLetterTopic,
          ],
    ),
  ]);
}

/** Services that have no topic for their dead letters, and what to do. */
export function missingLine(missing: readonly { readonly name: string }[]): string {
  const names = missing.map(({ name }) => name).join(", ");
  const [what, them] = missing.length === 1 ? ["no dead-letter topic", "it"] : ["no dead-letter topics", "them"];
  return `${names}: ${what} yet; \`pulumi up\` creates ${them}`;
}

/** Two lines: when, where from, what it was; and why it was refused, and how often if not once. */
export function deadLetterLines(deadLetter: DeadLetter, times: number): string[] {
  const { refusedAt, cause, operator, from, record, cutFromBytes, isResult, lastOffset } = deadLetter;
  if (lastOffset !== undefined) return [`${when(refusedAt)}  ${placeText(from)}-${lastOffset}  a batch`, `  ${cause}`];
  const key = record.key === null ? "" : `key ${shown(record.key)}  `;
  const cut = cutFromBytes === undefined ? "" : ` (cut from ${cutFromBytes} bytes)`;
  const what = isResult ? "result " : "";
  // An operator's refusal begins with its name as it is.
  const by = operator === undefined || cause.startsWith(`${operator}: `) ? "" : `${operator}: `;
  return [
    `${when(refusedAt)}  ${placeText(from)}  ${key}${what}${record.value === null ? "tombstone" : shown(record.value)}${cut}`,
    `  ${by}${cause}${times === 1 ? "" : ` (refused ${times} times)`}`,
  ];
}

/** One line of JSON with every field. Bytes that are not text are in Base64 (`keyBase64`, `valueBase64`). */
export function deadLetterJson(service: string, deadLetter: DeadLetter, { isPutBack, times }: Standing): string {
  const { offset, refusedAt, cause, operator, from, isResult, cutFromBytes, record, lastOffset } = deadLetter;
  return JSON.stringify({
    service,
    offset: Number(offset),
    refusedAt: new Date(refusedAt).toISOString(),
    times,
    cause,
    ...(operator !== undefined && { operator }),
    topic: from.topic,
    partition: from.partition,
    recordOffset: Number(from.offset),
    ...(lastOffset !== undefined && { lastRecordOffset: Number(lastOffset) }),
    timestamp: Number(record.timestamp),
    ...bytesJson("key", record.key),
    ...bytesJson("value", record.value),
    ...(cutFromBytes !== undefined && { cutFromBytes }),
    isResult,
    isPutBack,
  });
}

/** topic/partition@offset */
function placeText({ topic, partition, offset }: Place): string {
  return `${topic}/${partition}@${offset}`;
}

/** So many places are named. */
const PLACES = 5;

/** One line for each reason that kept records from being put back. */
export function leftLines(left: PutBack["left"]): string[] {
  return [...Map.groupBy(left, ({ why }) => why)].map(([why, its]) => {
    const places = its.slice(0, PLACES).map(({ from }) => placeText(from));
    const more = its.length > PLACES ? ` and ${its.length - PLACES} more` : "";
    return `  not put back: ${places.join(", ")}${more}: ${why}`;
  });
}

/** "1 dead letter", "3 dead letters". */
export function deadLetters(count: number): string {
  return count === 1 ? "1 dead letter" : `${count} dead letters`;
}

/** Local time, to the second. */
function when(ms: number): string {
  const date = new Date(ms);
  const local = new Date(ms - date.getTimezoneOffset() * 60_000);
  return local.toISOString().slice(0, 19).replace("T", " ");
}

function shown(bytes: Buffer): string {
  const text = new TextDecoder().decode(bytes.subarray(0, EXCERPT));
  return `${JSON.stringify(text)}${bytes.length > EXCERPT ? "..." : ""}`;
}

function bytesJson(name: string, bytes: Buffer | null) {
  if (bytes === null) return { [name]: null };
  const text = bytes.toString();
  return Buffer.from(text).equals(bytes) ? { [name]: text } : { [`${name}Base64`]: bytes.toString("base64") };
}
