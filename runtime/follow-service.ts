import { basename } from "node:path";
import type { IncomingRecord, TopicPartition } from "../kafka/kafka.ts";
import type { Format } from "../operators/format.ts";
import { piecesOf } from "../operators/source-values.ts";
import { type FilePosition, FollowedFile, type Lines } from "./followed-file.ts";
import { openTask } from "./partition-task.ts";
import { pause } from "./pause.ts";
import type { Positions } from "./positions.ts";
import type { Service } from "./service.ts";
import type { ServiceSpec } from "./service-spec.ts";

type FollowInput = Extract<ServiceSpec["input"], { readonly kind: "follow" }>;

/** How often a file is looked at that has not grown. */
const LOOK_EVERY_MS = 200;

/**
 * Produces what a file on this host gets, from its beginning, until `stop` is aborted. The position in the file is committed
 * with what was made of the lines before it. Throws when something failed that a new start from that position may mend.
 */
export async function produceFollowed(
  service: Service,
  { path, format = "number" }: FollowInput,
  stop: AbortSignal,
): Promise<void> {
  const { supervisor, journal } = service;
  const topic = basename(path);
  const positions = new FollowPositions(path);
  const task = await openTask(service, 0, [{ topic, format }], positions);
  const file = new FollowedFile(path, positions.begin, journal.info);
  try {
    for (let isReady = false; !stop.aborted; isReady = true) {
      const read = await file.read();
      positions.read = read ?? positions.read;
      const status = file.isThere
        ? `following ${path}, at byte ${(positions.read?.position ?? positions.begin)?.offset ?? 0}`
        : `waiting for ${path}, which does not exist yet`;
      if (isReady) supervisor.status(status);
      else supervisor.ready(status);
      supervisor.alive();
      if (read === undefined) {
        await pause(LOOK_EVERY_MS, stop);
        continue;
      }
      const records = recordsOf(read, format, Date.now());
      const firstOffset = BigInt(read.lines[0]?.offset ?? read.position.offset);
      await task.process(
        topic,
        { firstOffset, decode: (from = 0n) => records.filter(({ offset }) => offset >= from) },
        BigInt(read.position.offset),
      );
    }
  } finally {
    await Promise.all([file.close(), task.close()]);
  }
}

/** What a transaction commits is a position in what was read last. It belongs to one path: another starts anew. */
class FollowPositions implements Positions {
  readonly key = "0/source";
  readonly #path: string;
  begin: FilePosition | undefined;
  read: Lines | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  async restore(...[_, changelog]: Parameters<Positions["restore"]>): Promise<bigint> {
    const kept = JSON.parse(changelog.get(this.key) ?? "null");
    this.begin = kept?.path === this.#path ? kept.place : undefined;
    return BigInt(this.begin?.offset ?? 0);
  }

  moveTo(_: TopicPartition, position: bigint) {
    const filePosition = this.read?.positionAt(Number(position));
    return { changelog: { key: this.key, value: JSON.stringify({ path: this.#path, place: filePosition }) } };
  }
}

/** As from a file that is brought along; what is no value or no UTF-8 is found out when it is decoded. */
export function recordsOf({ lines }: Pick<Lines, "lines">, format: Format, nowMs: number): IncomingRecord[] {
  return lines.flatMap(({ offset, bytes }) =>
    piecesOf(bytes, format).map(({ at, bytes: value }) => ({
      offset: BigInt(offset + at),
      timestamp: String(nowMs),
      key: null,
      value,
      headers: {},
    })),
  );
}
