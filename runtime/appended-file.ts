import { createHash } from "node:crypto";
import { type FileHandle, open, readdir, rename, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { bytesAt } from "./bytes-at.ts";

/** As much of a file as is committed, and what the file is known by, whatever its name is by now. */
export interface Kept {
  readonly inode: number;
  /** In bytes. */
  readonly length: number;
  /**
   * When the file was made, in nanoseconds since 1970 (statx(2)): an inode's number is given away again. Absent where the
   * file system does not know it.
   */
  readonly bornNs?: string;
  /** SHA-256 of the last bytes before `length`, at most TAIL_BYTES. Absent in what version 0.1.0 has committed. */
  readonly tail?: string;
}

/** They differ in two files, even of the same few values: so many values do not repeat. */
const TAIL_BYTES = 4096;

const COPY_BYTES = 64 * 1024;

const LINE_END = 0x0a;

/**
 * A file that gets lines, and that holds exactly those that are committed, once `restore` was called: what is written is on
 * the disk before its length is committed (fdatasync(2)), and what was written and not committed is cut off. One that is
 * given another name, as logrotate(8) does, is followed by a new one under the old name. Bytes that others wrote are
 * never cut off, but put beside it.
 */
export class AppendedFile {
  readonly #path: string;
  readonly #log: (message: string) => void;
  #kept: Kept | undefined;
  #handle: FileHandle | undefined;
  /** The last bytes that are kept. */
  #tail: Buffer = Buffer.alloc(0);

  constructor(path: string, kept: Kept | undefined, log: (message: string) => void) {
    this.#path = path;
    this.#kept = kept;
    this.#log = log;
  }

  /** Finds what was written before, and cuts off what is not committed. */
  async restore(): Promise<void> {
    const kept = this.#kept;
    if (kept === undefined) return;
    const folder = dirname(this.#path);
    for (const name of [basename(this.#path), ...(await readdir(folder))]) {
      const path = join(folder, name);
      const handle = await openKept(path, kept);
      if (handle === undefined) continue;
      const { size } = await handle.stat();
      if (size > kept.length) {
        await handle.truncate(kept.length);
        this.#log(`${this.#path}: removed ${size - kept.length} bytes that were not committed`);
      }
      await this.#goOn(handle, kept);
      if (path === this.#path) this.#handle = handle;
      else await handle.close();
      return;
    }
    this.#log(`${this.#path}: the file of ${kept.length} bytes is gone`);
  }

  /** To be called before lines are appended: gives what must be committed before, when they begin a new file. */
  async begin(): Promise<Kept | undefined> {
    if (this.#handle !== undefined && this.#kept !== undefined) {
      const isInPlace = await isSameFile(this.#handle, this.#path);
      if (isInPlace && (await isKept(this.#handle, this.#kept))) {
        const { length } = this.#kept;
        const { size } = await this.#handle.stat();
        if (size > length) await this.#moveOut(this.#handle, length, size);
        if (size < length) await this.#goOn(this.#handle, this.#kept);
        return undefined;
      }
      await this.#handle.close();
      this.#handle = undefined;
      if (!isInPlace) this.#log(`${this.#path} was renamed or removed; starting a new file`);
    }
    this.#handle = await this.#create();
    this.#tail = Buffer.alloc(0);
    this.#kept = await keptOf(this.#handle, 0, this.#tail);
    return this.#kept;
  }

  /** Writes lines behind all that is there; gives what is to be committed with what they were made of. */
  async append(lines: readonly string[]): Promise<Kept> {
    if (this.#handle === undefined || this.#kept === undefined) throw new Error(`${this.#path}: not begun`);
    const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(""));
    const { length } = this.#kept;
    for (let written = 0; written < bytes.length; ) {
      written += (await this.#handle.write(bytes, written, bytes.length - written, length + written)).bytesWritten;
    }
    await this.#handle.datasync();
    this.#tail = Buffer.from(Buffer.concat([this.#tail, bytes]).subarray(-TAIL_BYTES));
    this.#kept = await keptOf(this.#handle, length + bytes.length, this.#tail);
    return this.#kept;
  }

  async close(): Promise<void> {
    await this.#handle?.close();
    this.#handle = undefined;
  }

  /** Behind what is kept or, in a file that somebody has cut, behind what is left. */
  async #goOn(handle: FileHandle, { length }: Kept): Promise<void> {
    const { size } = await handle.stat();
    if (size < length) {
      this.#log(
        `${this.#path}: expected the ${length} bytes that were written, found ${size}; continuing at the end of the file`,
      );
    }
    const rest = Math.min(size, length);
    this.#tail = await tailOf(handle, rest);
    this.#kept = await keptOf(handle, rest, this.#tail);
  }

  /** Since the last lines were written, only another program can have added something. */
  async #moveOut(handle: FileHandle, length: number, size: number): Promise<void> {
    const other = await freeName(this.#path);
    const copy = await open(other, "wx", 0o644);
    try {
      for (let at = length; at < size; ) {
        const bytes = await bytesAt(handle, at, Math.min(COPY_BYTES, size - at));
        if (bytes.length === 0) break;
        await copy.appendFile(bytes);
        at += bytes.length;
      }
      await copy.datasync();
    } finally {
      await copy.close();
    }
    await handle.truncate(length);
    this.#log(`${this.#path}: another program added ${size - length} bytes; they were moved to ${other}`);
  }

  /** What is there under the name and is not of this service's present life keeps its content, under another name. */
  async #create(): Promise<FileHandle> {
    const found = await statusOf(this.#path);
    if (found?.isFile() && found.size === 0) return open(this.#path, "r+");
    if (found !== undefined) {
      const other = await freeName(this.#path);
      await rename(this.#path, other);
      this.#log(`${this.#path}: the file is not of this service; it was renamed to ${other}`);
    }
    const created = await open(this.#path, "wx+", 0o644);
    await synced(dirname(this.#path));
    return created;
  }
}

/** A service may write to what it has made. */
const FOREIGN_CODES: readonly (string | undefined)[] = ["EACCES", "EPERM", "EISDIR", "ENOENT"];

/** The file, to write to, if it is the one that is kept; undefined else. */
async function openKept(path: string, kept: Kept): Promise<FileHandle | undefined> {
  if ((await statusOf(path))?.ino !== kept.inode) return undefined;
  const handle = await open(path, "r+").catch((error: NodeJS.ErrnoException) => {
    if (FOREIGN_CODES.includes(error.code)) return undefined;
    throw error;
  });
  if (handle === undefined) return undefined;
  if (await isKept(handle, kept)) return handle;
  await handle.close();
  return undefined;
}

async function isKept(handle: FileHandle, { inode, bornNs, length, tail }: Kept): Promise<boolean> {
  const found = await keptOf(handle, length, await tailOf(handle, length));
  if (found.inode !== inode) return false;
  const isBornThen = found.bornNs !== undefined && found.bornNs === bornNs;
  if (found.bornNs !== undefined && bornNs !== undefined && !isBornThen) return false;
  if (tail === undefined) return true;
  const { size } = await handle.stat();
  // Where no byte can tell, or some are gone, only the time can.
  if (size < length || length === 0) return (isBornThen || size === 0) && (await endsWithLine(handle, length));
  return found.tail === tail;
}

async function keptOf(handle: FileHandle, length: number, tail: Buffer): Promise<Kept> {
  const { ino, birthtimeNs } = await handle.stat({ bigint: true });
  const sum = createHash("sha256").update(tail).digest("hex");
  return { inode: Number(ino), length, ...(birthtimeNs > 0n && { bornNs: String(birthtimeNs) }), tail: sum };
}

function tailOf(handle: FileHandle, length: number): Promise<Buffer> {
  const start = Math.max(0, length - TAIL_BYTES);
  return bytesAt(handle, start, length - start);
}

/** Whether the file, up to a length, can be continued with a line. */
async function endsWithLine(handle: FileHandle, length: number): Promise<boolean> {
  const end = Math.min((await handle.stat()).size, length);
  return end === 0 || (await bytesAt(handle, end - 1, 1))[0] === LINE_END;
}

async function isSameFile(handle: FileHandle, path: string): Promise<boolean> {
  const [mine, named] = [await handle.stat(), await statusOf(path)];
  return named?.ino === mine.ino && named.dev === mine.dev;
}

async function statusOf(path: string) {
  try {
    return await stat(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

async function freeName(path: string): Promise<string> {
  for (let n = 1; ; n++) {
    if ((await statusOf(`${path}.${n}`)) === undefined) return `${path}.${n}`;
  }
}

/** So that a new name outlives a power cut (fsync(2)). */
async function synced(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  await handle.sync();
  await handle.close();
}
