import { rmSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync, type StatementSync } from "node:sqlite";

/**
 * A copy of one partition of a changelog: the newest value of each key, as of an offset. Everything in it was committed in
 * Kafka, whose changelog is the truth: a copy that is behind is brought up to date by reading on from its offset, and one
 * that is gone, torn or of another topic is made anew.
 */
export class StateStore {
  readonly #path: string;
  readonly #onClose: () => void;
  readonly #database: DatabaseSync;
  readonly #get: StatementSync;
  readonly #put: StatementSync;
  readonly #drop: StatementSync;
  #isCorrupt = false;

  /** @param path of the file, which nobody else may have open; ":memory:" for a copy that ends with the process */
  constructor(path: string, onClose: () => void = () => {}) {
    this.#path = path;
    this.#onClose = onClose;
    this.#database = opened(path);
    this.#get = this.#database.prepare("SELECT value FROM entries WHERE name = ?");
    this.#put = this.#database.prepare(
      "INSERT INTO entries VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
    );
    this.#drop = this.#database.prepare("DELETE FROM entries WHERE name = ?");
  }

  get(name: string): string | undefined {
    return this.#watched(() => this.#get.get(name)?.value as string | undefined);
  }

  /** The topic that this is a copy of, and the first offset that it does not have; undefined for a new copy. */
  get origin(): { readonly topicId: string; readonly offset: bigint } | undefined {
    const row = this.#watched(() => this.#database.prepare("SELECT topic_id, end FROM origin").get());
    return row && { topicId: String(row.topic_id), offset: BigInt(row.end as number) };
  }

  /** Forgets everything, and begins a copy of this topic from an offset on. */
  begin(topicId: string, offset: bigint): void {
    this.#inOneGo(() => {
      this.#database.exec("DELETE FROM entries; DELETE FROM origin");
      this.#database.prepare("INSERT INTO origin VALUES (?, ?)").run(topicId, offset);
    });
  }

  /** Takes over entries of the changelog before an offset, in their order; null is a tombstone. All or nothing. */
  write(entries: Iterable<readonly [name: string, value: string | null]>, offset: bigint): void {
    this.#inOneGo(() => {
      for (const [name, value] of entries) {
        if (value === null) this.#drop.run(name);
        else this.#put.run(name, value);
      }
      this.#database.prepare("UPDATE origin SET end = ?").run(offset);
    });
  }

  /** Some names, at most `limit`, that are `from` or come after it, and before `to`, by their bytes. */
  namesBetween(from: string, to: string, limit: number): string[] {
    const found = this.#database.prepare("SELECT name FROM entries WHERE name >= ? AND name < ? LIMIT ?");
    return this.#watched(() => found.all(from, to, limit)).map(({ name }) => String(name));
  }

  close(): void {
    this.#database.close();
    if (this.#isCorrupt) remove(this.#path);
    this.#onClose();
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

  /** A file that turns out to be torn fails once: whoever opens it next finds none. */
  #watched<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      this.#isCorrupt ||= isCorruption(error);
      throw error;
    }
  }
}

/** The stores of one service, in the folder that systemd gives it (CacheDirectory=), or in memory without one. */
export class StateStores {
  readonly #folder: string | undefined;
  #open = 0;

  constructor(folder: string | undefined) {
    this.#folder = folder;
  }

  open(partition: number): StateStore {
    const path = this.#folder === undefined ? ":memory:" : join(this.#folder, `${partition}.sqlite`);
    const store = new StateStore(path, () => void this.#open--);
    this.#open++;
    return store;
  }

  /** How many there are open now, which share the memory of the process. */
  get count(): number {
    return this.#open;
  }
}

const SCHEMA = `
CREATE TABLE IF NOT EXISTS entries (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS origin (topic_id TEXT NOT NULL, end INTEGER NOT NULL);
`;

/** SQLite's result codes (IOERR, CORRUPT, NOTADB) for a file that cannot be read, as after a lost disk or a bad card. */
const CORRUPTION_CODES: readonly unknown[] = [10, 11, 26];

function isCorruption(error: unknown): boolean {
  // The higher bits tell it more exactly.
  return CORRUPTION_CODES.includes(Number((error as { errcode?: number }).errcode) & 0xff);
}

function opened(path: string): DatabaseSync {
  try {
    return openDatabase(path);
  } catch (error) {
    if (path === ":memory:" || !isCorruption(error)) throw error;
    remove(path);
    return openDatabase(path);
  }
}

/** Kafka has all that was in it. */
function remove(path: string): void {
  for (const suffix of ["", "-wal"]) rmSync(path + suffix, { force: true });
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
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}
