import { createHash } from "node:crypto";
import { type FileHandle, open, readdir, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { markedEncoding, markLength } from "../operators/source-values.ts";
import { bytesAt } from "./bytes-at.ts";

/** Where reading has come to, and in which file: enough to find it again after a restart, whatever its name is then. */
export interface FilePosition {
  readonly inode: number;
  /** Bytes read. */
  readonly offset: number;
  /** SHA-256 of the first bytes, as many as were read, at most HEAD_BYTES: an inode's number is given away again. */
  readonly head: string;
}

/** Complete lines without their ends, each with its first byte's offset, and the position behind them. */
export interface Lines {
  readonly lines: readonly { readonly offset: number; readonly bytes: Buffer }[];
  readonly position: FilePosition;
  /** The position before a byte of these lines. */
  positionAt(offset: number): FilePosition;
}

const HEAD_BYTES = 256;

/** Read at once; a line that is longer comes in pieces, as no topic would take it. */
const CHUNK_BYTES = 256 * 1024;

/** A program that writes to a file goes on for a moment after the file was given another name. */
const QUIET_MS = 1000;

const LINE_END = 0x0a;

interface OpenFile {
  readonly handle: FileHandle;
  readonly inode: number;
}

/** Bytes and where they begin. */
interface Text {
  readonly offset: number;
  readonly chunk: Buffer;
}

/**
 * A file that grows, read line by line as `tail --follow=name --retry` does (tail(1)): it need not be there yet; when another file gets
 * its name, the one before is read to its end first; one that was cut or written anew is read from its beginning. A line
 * without its end is waited for, except at the end of a file that has lost its name.
 */
export class FollowedFile {
  readonly #path: string;
  readonly #log: (message: string) => void;
  #position: FilePosition | undefined;
  #file: OpenFile | undefined;
  #lastGrewMs = 0;
  /** NULs that went up to the end of the file when it was last looked at. */
  #claimed: { readonly begin: number; readonly end: number } | undefined;

  constructor(path: string, position: FilePosition | undefined, log: (message: string) => void) {
    this.#path = path;
    this.#position = position;
    this.#log = log;
  }

  get isThere(): boolean {
    return this.#file !== undefined;
  }

  /** The next lines; undefined when there are none for now. Throws when the file cannot be read. */
  async read(): Promise<Lines | undefined> {
    this.#file ??= await this.#open();
    if (this.#file === undefined) return undefined;
    const { handle, inode } = this.#file;
    const { offset, chunk } = await this.#textFrom(this.#file, await this.#offsetIn(this.#file));
    const end =
      chunk.length === CHUNK_BYTES ? chunk.lastIndexOf(LINE_END) + 1 || chunk.length : chunk.lastIndexOf(LINE_END) + 1;
    if (end > 0) {
      this.#lastGrewMs = Date.now();
      return this.#taken(inode, offset, chunk.subarray(0, end), await headOf(handle));
    }
    if ((await inodeOf(this.#path)) === inode || Date.now() - this.#lastGrewMs < QUIET_MS) return undefined;
    if (chunk.length > 0) return this.#taken(inode, offset, chunk, await headOf(handle));
    const next = await openIfThere(this.#path);
    if (next === undefined) return undefined;
    this.#log(`${this.#path} is another file now; reading it from the beginning`);
    await handle.close();
    [this.#file, this.#position] = [next, undefined];
    return this.read();
  }

  async close(): Promise<void> {
    await this.#file?.handle.close();
    this.#file = undefined;
  }

  /** The file that was read before, under its name or another; else the one of the name. */
  async #open(): Promise<OpenFile | undefined> {
    this.#lastGrewMs = Date.now();
    const named = await openIfThere(this.#path);
    const position = this.#position;
    if (position === undefined || (named !== undefined && (await isAt(named, position)))) return named;
    const folder = dirname(this.#path);
    for (const name of await readdir(folder).catch(() => [])) {
      if ((await inodeOf(join(folder, name))) !== position.inode) continue;
      const renamed = await openIfThere(join(folder, name)).catch(() => undefined);
      if (renamed !== undefined && (await isAt(renamed, position))) {
        await named?.handle.close();
        return renamed;
      }
      await renamed?.handle.close();
    }
    if (named !== undefined && named.inode !== position.inode) {
      this.#log(`${this.#path} is not the file that was read before, which is gone; reading it from the beginning`);
      this.#position = undefined;
    }
    return named;
  }

  async #offsetIn(file: OpenFile): Promise<number> {
    const position = this.#position;
    if (position === undefined) return 0;
    if (await isAt(file, position)) return position.offset;
    this.#log(`${this.#path} was truncated or rewritten; reading it from the beginning`);
    this.#position = undefined;
    return 0;
  }

  /**
   * What is there from an offset on, behind a mark that says UTF-8 and behind NULs: they are the hole that truncation leaves
   * under a program that goes on writing at the offset that it had (logrotate's copytruncate). NULs up to the end of the
   * file are not skipped: there are programs that claim room and write into it later.
   */
  async #textFrom({ handle, inode }: OpenFile, begin: number): Promise<Text> {
    const first = await bytesAt(handle, begin, CHUNK_BYTES);
    if (begin === 0) {
      const encoding = markedEncoding(first);
      if (encoding !== undefined)
        throw new Error(`${this.#path}: expected text in UTF-8, found ${encoding}; let the program write UTF-8`);
      const mark = markLength(first);
      if (mark > 0) return { offset: mark, chunk: await writtenPart(handle, mark) };
    }
    let [offset, chunk, nuls] = [begin, first, nulsBefore(first)];
    if (nuls === 0) return { offset, chunk: await writtenPart(handle, offset, chunk) };
    if (nuls === chunk.length) nuls = Math.max(nuls, await this.#nulsKnown(handle, begin));
    for (; nuls > 0; nuls = nulsBefore(chunk)) {
      offset += nuls;
      chunk = await bytesAt(handle, offset, CHUNK_BYTES);
    }
    if (chunk.length === 0) {
      this.#claimed = { begin, end: offset };
      return { offset: begin, chunk };
    }
    this.#position = { inode, offset, head: sumOf(await headOf(handle), offset) };
    this.#log(
      `${this.#path}: skipped ${offset - begin} NUL bytes at byte ${begin}, as truncation leaves them under a program that does not append`,
    );
    return { offset, chunk: await writtenPart(handle, offset, chunk) };
  }

  /** What was looked at before is not looked at each time: a program fills what it has claimed from the beginning. */
  async #nulsKnown(handle: FileHandle, begin: number): Promise<number> {
    const claimed = this.#claimed;
    if (claimed === undefined || claimed.begin !== begin || (await handle.stat()).size < claimed.end) return 0;
    return claimed.end - begin;
  }

  #taken(inode: number, offset: number, bytes: Buffer, head: Buffer): Lines {
    const lines: { offset: number; bytes: Buffer }[] = [];
    for (let start = 0; start < bytes.length; ) {
      const found = bytes.indexOf(LINE_END, start);
      const end = found < 0 ? bytes.length : found;
      start += nulsBefore(bytes.subarray(start, end));
      lines.push({ offset: offset + start, bytes: bytes.subarray(start, end) });
      start = end + 1;
    }
    const positionAt = (at: number) => ({ inode, offset: at, head: sumOf(head, at) });
    const next = positionAt(offset + bytes.length);
    this.#position = next;
    return { lines, position: next, positionAt };
  }
}

function nulsBefore(bytes: Buffer): number {
  if (bytes[0] !== 0) return 0;
  const text = bytes.findIndex((byte) => byte !== 0);
  return text < 0 ? bytes.length : text;
}

/** A chunk without the NULs at its end, unless it is one of a line that goes on behind them. */
async function writtenPart(handle: FileHandle, offset: number, read?: Buffer): Promise<Buffer> {
  const chunk = read ?? (await bytesAt(handle, offset, CHUNK_BYTES));
  const written = chunk.subarray(0, chunk.findLastIndex((byte) => byte !== 0) + 1);
  if (written.length === chunk.length || chunk.length < CHUNK_BYTES || written.includes(LINE_END)) return written;
  const behind = await bytesAt(handle, offset + chunk.length, CHUNK_BYTES);
  return nulsBefore(behind) === behind.length ? written : chunk;
}

async function openIfThere(path: string): Promise<OpenFile | undefined> {
  try {
    const handle = await open(path, "r");
    return { handle, inode: (await handle.stat()).ino };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return undefined;
    if (code !== "EACCES")
      throw new Error(`${path}: expected a file, found something that cannot be read (${message})`);
    const why = "the service has an account of its own, so the file must be readable by everybody";
    throw new Error(`${path}: permission denied; ${why}: chmod o+r ${path}, and o+x on each folder above`);
  }
}

async function inodeOf(path: string): Promise<number | undefined> {
  return (await stat(path).catch(() => undefined))?.ino;
}

/** Whether it is the file that was read so far, and no shorter. */
async function isAt({ handle, inode }: OpenFile, position: FilePosition): Promise<boolean> {
  if (inode !== position.inode || (await handle.stat()).size < position.offset) return false;
  return sumOf(await headOf(handle), position.offset) === position.head;
}

function headOf(handle: FileHandle): Promise<Buffer> {
  return bytesAt(handle, 0, HEAD_BYTES);
}

/** Of the first bytes, as many as were read. */
function sumOf(head: Buffer, read: number): string {
  return createHash("sha256").update(head.subarray(0, read)).digest("hex");
}
