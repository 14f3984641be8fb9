import { join, parse } from "node:path";
import { AppendedFile, type Kept } from "./appended-file.ts";
import { journalLine } from "./journal-line.ts";
import type { Processed } from "./process-batch.ts";
import type { Service } from "./service.ts";
import type { Changelog, ChangelogEntry } from "./state.ts";

/** Where values end that go to no topic. */
export interface Sink {
  /**
   * Takes what came out of a run of records, before it is committed; gives what must be committed with it.
   * @param commit for what must be committed before
   */
  take(processed: Processed, commit: Commit): Promise<readonly ChangelogEntry[]>;
  close(): Promise<void>;
}

type Commit = (entries: readonly ChangelogEntry[]) => Promise<void>;

/** The sink of one input partition, as the changelog knows it. */
export async function openSink(service: Service, partition: number, changelog: Changelog): Promise<Sink> {
  const { output } = service.spec;
  switch (output.kind) {
    case "log":
      return printing(output.stages, service.print);
    case "file":
      return appending(service, output.name, partition, changelog);
    case "topic":
    case "branches":
      return { take: async () => [], close: async () => {} };
    default:
      return output satisfies never;
  }
}

/** Printed before the offsets are committed: a crash in between prints again, but never leaves out. */
function printing(stages: boolean, print: Service["print"]): Sink {
  return {
    take: async ({ outputs, paths }) => {
      const lines = stages ? paths.map(journalLine) : outputs.map(({ value }) => journalLine([value]));
      if (lines.length > 0) await print(`${lines.join("\n")}\n`);
      return [];
    },
    close: async () => {},
  };
}

async function appending(
  { stateFolder, replica, journal }: Service,
  name: string,
  partition: number,
  changelog: Changelog,
): Promise<Sink> {
  if (stateFolder === undefined)
    throw new Error(`${name}: STATE_DIRECTORY is not set; expected the folder for this file`);
  const key = keptKey(partition, replica);
  const entry = (kept: Kept): ChangelogEntry => ({ key, value: JSON.stringify(kept) });
  const kept = JSON.parse(changelog.get(key) ?? "null") as Kept | null;
  const file = new AppendedFile(join(stateFolder, fileOf(name, partition)), kept ?? undefined, journal.info);
  await file.restore();
  return {
    take: async ({ outputs }, commit) => {
      if (outputs.length === 0) return [];
      const begun = await file.begin();
      if (begun) await commit([entry(begun)]);
      return [entry(await file.append(outputs.map(({ value }) => value)))];
    },
    close: () => file.close(),
  };
}

/** All that belongs to files is under this, in the changelog. */
export function keptPrefix(partition: number): string {
  return `${partition}/file`;
}

/** A partition that comes back to a replica goes on in the file that it left there. */
function keptKey(partition: number, replica: string): string {
  return `${keptPrefix(partition)}/${replica}`;
}

/** means.txt, and means-1.txt for the partition 1: the first one has the name alone, as the first replica has. */
function fileOf(file: string, partition: number): string {
  const { name, ext } = parse(file);
  return partition === 0 ? file : `${name}-${partition}${ext}`;
}
