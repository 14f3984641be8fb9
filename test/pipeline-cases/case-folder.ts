import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { PipelineCase } from "./cases.ts";

/** Writes a case into a folder of its own; gives the path of its pipeline file. */
export function written({ yaml, files = {} }: PipelineCase, name: string): string {
  const folder = mkdtempSync(join(tmpdir(), "bramble-case-"));
  for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, file), text);
  writeFileSync(join(folder, `${name}.yaml`), `cluster: { hosts: { rpi0: 127.0.0.1 } }\n${yaml}`);
  return join(folder, `${name}.yaml`);
}

/** The values of a topic by key, each key's in order; without an order of their own, sorted as text. */
export function byKey(
  records: readonly { readonly key: string | null; readonly value: unknown }[],
  unordered: boolean,
): Record<string, unknown[]> {
  const groups = Map.groupBy(records, ({ key }) => key ?? "");
  return Object.fromEntries(
    [...groups].map(([key, each]) => {
      const values = each.map(({ value }) => value);
      return [key, unordered ? values.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)) : values];
    }),
  );
}
