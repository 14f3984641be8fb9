import { type FileHandle, open, readdir, rename, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

/** As much of a file as is committed: its inode, whatever its name is by now, and its length in bytes. */
export interface Kept {
  readonly inode: number;
  readonly length: number;
}

/**
 * A file that gets lines, and that holds exactly those that are committed, once `restore` was called: what is written is on
 * the disk before its length is committed (fdatasync(2)), and what was written and not committed is cut off. One that is
 * given another name, as logrotate(8) does, is followed by a new one under the old name.
 */
export class AppendedFile {
  readonly #path: string;
  readonly #log: (message: string) => void;
  #kept: Kept | undefined;
  #handle: FileHandle | undefined;

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
      if ((await statusOf(path))?.ino !== kept.inode) continue;
      const handle = await open(path, "r+");
      await this.#settle(handle, kept);
      if (path === this.#path) this.#handle = handle;
      else await handle.close();
      return;
    }
    this.#log(`${this.#path}: the file of ${kept.length} bytes is gone`);
  }

  /** To be called before lines are appended: gives what must be committed before, when they begin a new file. */
  async begin(): Promise<Kept | undefined> {
    if (this.#handle !== undefined && this.#kept !== undefined) {
      if ((await statusOf(this.#path))?.ino === this.#kept.inode) {
        await this.#settle(this.#handle, this.#kept);
        return undefined;
      }
      await this.#handle.close();
      this.#handle = undefined;
      this.#log(`${this.#path} was renamed or removed; starting a new file`);
    }
    this.#handle = await this.#create();
    this.#kept = { inode: (await this.#handle.stat()).ino, length: 0 };
    return this.#kept;
  }

  /** Writes lines behind all that is there; gives what is to be committed with what they were made of. */
  async append(lines: readonly string[]): Promise<Kept> {
    if (this.#handle === undefined || this.#kept === undefined) throw new Error(`${this.#path}: not begun`);
    const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(""));
    const { inode, length } = this.#kept;
    for (let written = 0; written < bytes.length; ) {
      written += (await this.#handle.write(bytes, written, bytes.length - written, length + written)).bytesWritten;
    }
    await this.#handle.datasync();
    this.#kept = { inode, length: length + bytes.length };
    return this.#kept;
  }

  async close(): Promise<void> {
    await this.#handle?.close();
    this.#handle = undefined;
  }

  async #settle(handle: FileHandle, { inode, length }: Kept): Promise<void> {
    const { size } = await handle.stat();
    if (size > length) {
      await handle.truncate(length);
      this.#log(`${this.#path}: removed ${size - length} bytes that were not committed`);
    }
    if (size >= length) return;
    this.#log(
      `${this.#path}: expected the ${length} bytes that were written, found ${size}; continuing at the end of the file`,
    );
    this.#kept = { inode, length: size };
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
