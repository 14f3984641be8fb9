import type { FileHandle } from "node:fs/promises";

/** Bytes of a file from an offset on; fewer where it ends. */
export async function bytesAt(handle: FileHandle, offset: number, count: number): Promise<Buffer> {
  const bytes = Buffer.alloc(count);
  let length = 0;
  while (length < count) {
    const { bytesRead } = await handle.read(bytes, length, count - length, offset + length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return bytes.subarray(0, length);
}
