/**
 * No more memory is taken on a broker's word. A fetch brings 1 MiB, or one batch that is larger (`max.message.bytes` of its topic);
 * a larger size is the answer of something that is no broker, or more than a service could hold anyhow: a unit may take 384 MB.
 */
const MAX_BYTES = 64 * 1024 * 1024;

const SIZE_BYTES = 4;

/**
 * Puts the messages of a broker together, each of which begins with its size (4 bytes, which do not count themselves). Each
 * has a buffer of its own, of just its length, and is copied once.
 */
export class Frames {
  readonly #onFrame: (frame: Buffer) => void;
  readonly #size = Buffer.alloc(SIZE_BYTES);
  #sizeBytes = 0;
  #frame: Buffer | undefined;
  #at = 0;

  /** @param onFrame gets each message, size included */
  constructor(onFrame: (frame: Buffer) => void) {
    this.#onFrame = onFrame;
  }

  /** Takes what comes next, which may be reused afterwards. Throws when it is not what a broker says. */
  push(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; ) at += this.#take(bytes, at);
  }

  /** Takes some of the bytes from `at` on, and gives how many. */
  #take(bytes: Uint8Array, at: number): number {
    if (this.#frame === undefined) {
      this.#size[this.#sizeBytes++] = bytes[at] as number;
      if (this.#sizeBytes === SIZE_BYTES) this.#begin();
      return 1;
    }
    const count = Math.min(bytes.length - at, this.#frame.length - this.#at);
    this.#frame.set(bytes.subarray(at, at + count), this.#at);
    this.#at += count;
    this.#endWhenFull(this.#frame);
    return count;
  }

  #begin(): void {
    const length = this.#size.readInt32BE();
    if (length < 0 || length > MAX_BYTES) {
      throw new Error(
        `received a message of ${length} bytes, expected at most ${MAX_BYTES}; is it a Kafka broker, and the max.message.bytes of its topics smaller?`,
      );
    }
    this.#frame = Buffer.allocUnsafe(SIZE_BYTES + length);
    this.#frame.set(this.#size);
    this.#at = SIZE_BYTES;
    this.#sizeBytes = 0;
    this.#endWhenFull(this.#frame);
  }

  #endWhenFull(frame: Buffer): void {
    if (this.#at < frame.length) return;
    this.#frame = undefined;
    this.#onFrame(frame);
  }
}
