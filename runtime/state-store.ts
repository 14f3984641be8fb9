import { rmSync } from "node:fs";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import type { Position } from "../kafka/kafka.ts";

/** A store could not read or write its file. Kafka has all that was in it: open the partition again. */
export class StateStoreError extends Error {
  override readonly name = "StateStoreError";

  /** Whether the file is no good, as opposed to its disk. */
  get isTorn(): boolean {
    return TORN_CODES.includes(codeOf(this.cause));
  }

  /** Whether another file in its place might do. */
  get isReplaceable(): boolean {
    return this.isTorn || codeOf(this.cause) === IO_CODE;
  }
}

/** What a store is a copy of: a topic, by its id, before a position. */
export interface StateOrigin extends Position {
  readonly topicId: string;
}

interface StateStoreEvents {
  readonly onClose?: () => void;
  readonly onFailure?: (error: StateStoreError) => void;
}

/**
 * A copy of one partition of a changelog: the newest value of each key, as of an offset. Everything in it was committed in
 * Kafka, whose changelog is the truth: a copy that is behind is brought up to date by reading on from its offset, and one
 * that is gone, torn or of another topic is made anew. Everything throws a StateStoreError when the file fails.
 */
export class StateStore {
  readonly #path: string;
  readonly #events: StateStoreEvents;
  readonly #database: DatabaseSync;
  readonly #get: StatementSync;
  readonly #put: StatementSync;
  readonly #drop: StatementSync;
  #failure: StateStoreError | undefined;

  /** @param path of the file, which nobody else may have open; ":memory:" for a copy that ends with the process */
  constructor(path: string, events: StateStoreEvents = {}) {
    this.#path = path;
    this.#events = events;
    this.#database = opened(path);
    this.#get = this.#database.prepare("SELECT value FROM entries WHERE name = ?");
    this.#put = this.#database.prepare(PUT);
    this.#drop = this.#database.prepare("DELETE FROM entries WHERE name = ?");
  }

  get(name: string): string | undefined {
    return this.#watched(() => this.#get.get(name)?.value as string | undefined);
  }

  /** The topic that this is a copy of, and up to where; undefined for a new copy. */
  get origin(): StateOrigin | undefined {
    const row = this.#watched(() => this.#database.prepare("SELECT topic_id, end, leader_epoch FROM copied").get());
    if (row === undefined) return undefined;
    const leaderEpoch = row.leader_epoch === null ? undefined : Number(row.leader_epoch);
    return { topicId: String(row.topic_id), offset: BigInt(row.end as number), leaderEpoch };
  }

  /** Forgets everything, and begins a copy of this topic from an offset on. */
  begin(topicId: string, offset: bigint): void {
    this.#inOneGo(() => {
      this.#database.exec("DELETE FROM entries; DELETE FROM copied");
      this.#database.prepare("INSERT INTO copied VALUES (?, ?, NULL)").run(topicId, offset);
    });
  }

  /** Takes over entries of the changelog before a position, in their order; null is a tombstone. All or nothing. */
  write(entries: Iterable<readonly [name: string, value: string | null]>, end: Position): void {
    this.#inOneGo(() => {
      for (const [name, value] of entries) {
        if (value === null) this.#drop.run(name);
        else this.#put.run(name, value);
      }
      this.#database.prepare("UPDATE copied SET end = ?, leader_epoch = ?").run(end.offset, end.leaderEpoch ?? null);
    });
  }

  /** Some names, at most `limit`, that are `from` or come after it, and before `to`, by their bytes. */
  namesBetween(from: string, to: string, limit: number): string[] {
    const query = "SELECT name FROM entries WHERE name >= ? AND name < ? LIMIT ?";
    const found = this.#watched(() => this.#database.prepare(query).all(from, to, limit));
    return found.map(({ name }) => String(name));
  }

  close(): void {
    this.#database.close();
    if (this.#failure?.isReplaceable) remove(this.#path);
    this.#events.onClose?.();
  }

  #inOneGo(work: () => void): void {
    this.#watched(() => {
      this.#database.exec("BEGIN");
      try {
        work();
        this.#database.exec("COMMIT");
      } catch (error) {
        // SQLite ends the transaction by itself after some errors, a full disk among them.
        if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
        throw error;
      }
    });
  }

  #watched<T>(work: () => T): T {
    try {
      return work();
    } catch (cause) {
      if (!isOfSqlite(cause)) throw cause;
      // After the first time, what else fails is of no interest.
      if (this.#failure === undefined) {
        this.#failure = failureOf(this.#path, cause);
        this.#events.onFailure?.(this.#failure);
      }
      throw this.#failure;
    }
  }
}

const SCHEMA = `
CREATE TABLE IF NOT EXISTS entries (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS copied (topic_id TEXT NOT NULL, end INTEGER NOT NULL, leader_epoch INTEGER);
`;

const PUT = "INSERT INTO entries VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value";

/** SQLite's result codes (https://sqlite.org/rescode.html): CORRUPT, NOTADB, and ERROR for a file with other tables. */
const TORN_CODES: readonly number[] = [11, 26, 1];

/** IOERR: the disk's fault or, on a bad card, that of the place where the file is. */
const IO_CODE = 10;

/** BUSY: somebody else has the file open. */
const BUSY_CODE = 5;

function failureOf(path: string, cause: unknown): StateStoreError {
  return new StateStoreError(`${path}: ${(cause as Error).message}`, { cause });
}

function isOfSqlite(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === "ERR_SQLITE_ERROR";
}

/** The lower bits; the higher ones tell it more exactly. */
function codeOf(error: unknown): number {
  return Number((error as { errcode?: number } | undefined)?.errcode) & 0xff;
}

function opened(path: string): DatabaseSync {
  try {
    return openDatabase(path);
  } catch (cause) {
    if (!isOfSqlite(cause) || codeOf(cause) === BUSY_CODE) throw cause;
    const error = failureOf(path, cause);
    if (!error.isReplaceable) throw error;
    remove(path);
  }
  try {
    return openDatabase(path);
  } catch (cause) {
    throw failureOf(path, cause);
  }
}

/** Kafka has all that was in it. What cannot be removed fails again, and is then done without. */
function remove(path: string): void {
  try {
    for (const suffix of ["", "-wal"]) rmSync(path + suffix, { force: true });
  } catch {}
}

/**
 * In write-ahead mode with synchronous=NORMAL a power cut may cost the last transactions, never the file's integrity
 * (SQLite's manual, "Write-Ahead Logging"), and that is all a copy needs. Locked for good, it needs no shared memory.
 */
function openDatabase(path: string): DatabaseSync {
  const database = new DatabaseSync(path);
  try {
    database.exec("PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL");
    database.exec(`PRAGMA cache_size = -4000; ${SCHEMA}`);
    // What has other tables is found out now.
    database.prepare(PUT);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}
