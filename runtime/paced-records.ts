import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { IncomingRecord } from "../kafka/kafka.ts";
import { write } from "../operators/format.ts";
import { generatedValues } from "../operators/generated-values.ts";
import { sourceValues } from "../operators/source-values.ts";
import type { ServiceSpec } from "./service-spec.ts";

type PacedInput = Extract<ServiceSpec["input"], { readonly everyMs: number }>;

/** The records of a source that sends them at its own pace. */
export interface PacedRecords {
  /** What a message calls the source. */
  readonly name: string;
  /** Tells its content from another, at whose beginning a service starts. */
  readonly digest: string;
  /** Infinity without an end. */
  readonly total: number;
  /** Up to `count` records from number `from` on; their times are the pace's to tell. */
  slice(from: number, count: number): readonly IncomingRecord[];
}

/** `folder` is that of the service's release. */
export async function openPacedRecords(input: PacedInput, folder: string): Promise<PacedRecords> {
  if (input.kind === "file") {
    const { path, format = "number" } = input;
    const content = await readFile(join(folder, path));
    const records = sourceValues(content, format).values.map(({ text }, i) => record(i, text));
    return {
      name: path,
      digest: sha256(content),
      total: records.length,
      slice: (from, n) => records.slice(from, from + n),
    };
  }
  const { everyMs: _, count: total = Infinity, ...generator } = input;
  let values: { readonly from: number; readonly rest: Iterator<number> } | undefined;
  return {
    name: input.kind,
    // How many there are is no other content: one that is told to send more goes on.
    digest: sha256(JSON.stringify(generator)),
    total,
    slice: (from, n) => {
      const rest = values?.from === from ? values.rest : generatedValues(generator, from)[Symbol.iterator]();
      const size = Math.max(0, Math.min(n, total - from));
      values = { from: from + size, rest };
      return Array.from({ length: size }, (_, i) => record(from + i, write("number", rest.next().value)));
    },
  };
}

function record(offset: number, value: string): IncomingRecord {
  return { offset: BigInt(offset), timestamp: "", key: null, value: Buffer.from(value), headers: {} };
}

function sha256(data: string | Uint8Array): string {
  return createHash("sha256").update(data).digest("hex");
}
