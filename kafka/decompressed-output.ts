/** What is compressed cannot be decompressed, or only to more than may be. */
export class DecompressionError extends Error {
  override name = "DecompressionError";
}

export function tooLarge(maxBytes: number): DecompressionError {
  return new DecompressionError(`decompressed it has more than ${maxBytes} bytes`);
}

const FIRST_BYTES = 64 * 1024;

/** What a decompressor writes: literals, and repetitions of what it wrote before. No more memory is taken than may be. */
export class Output {
  readonly #maxBytes: number;
  #bytes: Buffer;
  #length = 0;

  /** @param length how long it says that it becomes; undefined when that is not known before */
  constructor(length: number | undefined, maxBytes: number) {
    if (length !== undefined && length > maxBytes) throw tooLarge(maxBytes);
    this.#maxBytes = length ?? maxBytes;
    this.#bytes = Buffer.allocUnsafe(length ?? Math.min(FIRST_BYTES, maxBytes));
  }

  append(from: Buffer, start: number, count: number): void {
    if (start + count > from.length) throw new DecompressionError("it ends too soon");
    this.#makeRoom(count);
    this.#bytes.set(from.subarray(start, start + count), this.#length);
    this.#length += count;
  }

  /** Writes `count` bytes that stand `distance` before; it may get to those that it writes itself. */
  repeat(distance: number, count: number): void {
    if (distance === 0 || distance > this.#length) throw new DecompressionError("it repeats what is not there");
    this.#makeRoom(count);
    const from = this.#length - distance;
    const end = this.#length + count;
    while (this.#length < end) {
      const step = Math.min(this.#length - from, end - this.#length);
      this.#bytes.copyWithin(this.#length, from, from + step);
      this.#length += step;
    }
  }

  finish(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  #makeRoom(count: number): void {
    const needed = this.#length + count;
    if (needed > this.#maxBytes) throw tooLarge(this.#maxBytes);
    if (needed <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.min(Math.max(needed, 2 * this.#bytes.length), this.#maxBytes));
    larger.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = larger;
  }
}
