import { DecompressionError, Output } from "./decompressed-output.ts";

const MAGIC = 0x184d2204;

/** Of the descriptor's flags. The version is 01. */
const VERSION = 0x40;
const VERSION_MASK = 0xc0;
const BLOCK_CHECKSUM = 0x10;
const CONTENT_SIZE = 0x08;
const DICTIONARY_ID = 0x01;

/** Of a block's size: its bytes are as they were. */
const UNCOMPRESSED = 0x8000_0000;
const MIN_MATCH_BYTES = 4;
/** A length of so much goes on in the bytes that follow, each of which adds up to 255. */
const LENGTH_GOES_ON = 15;

/**
 * An LZ4 frame. Its checksums are not looked at: that of the record batch is over all of it.
 * Source: lz4_Frame_format.md and lz4_Block_format.md of the LZ4 project. Throws a {@link DecompressionError}, before more than
 * `maxBytes` are taken.
 */
export function decompressLz4(bytes: Buffer, maxBytes: number): Buffer {
  if (bytes.length < 7 || bytes.readUInt32LE(0) !== MAGIC) throw new DecompressionError("it is no LZ4 frame");
  const flags = bytes.readUInt8(4);
  if ((flags & VERSION_MASK) !== VERSION) throw new DecompressionError("its LZ4 frame has an unknown version");
  const isSizeGiven = (flags & CONTENT_SIZE) !== 0;
  const output = new Output(undefined, maxBytes);
  let at = 6 + (isSizeGiven ? 8 : 0) + ((flags & DICTIONARY_ID) === 0 ? 0 : 4) + 1;
  for (;;) {
    if (at + 4 > bytes.length) throw new DecompressionError("it ends too soon");
    const size = bytes.readUInt32LE(at);
    at += 4;
    if (size === 0) return output.finish();
    const length = size % UNCOMPRESSED;
    if (at + length > bytes.length) throw new DecompressionError("a block goes past its end");
    if (size >= UNCOMPRESSED) output.append(bytes, at, length);
    else decompressBlock(bytes.subarray(at, at + length), output);
    at += length + ((flags & BLOCK_CHECKSUM) === 0 ? 0 : 4);
  }
}

function decompressBlock(block: Buffer, output: Output): void {
  let at = 0;
  const byte = () => {
    const next = block[at++];
    if (next === undefined) throw new DecompressionError("it ends too soon");
    return next;
  };
  const length = (start: number) => {
    let all = start;
    if (start === LENGTH_GOES_ON) {
      let more: number;
      do {
        more = byte();
        all += more;
      } while (more === 255);
    }
    return all;
  };
  while (at < block.length) {
    const token = byte();
    const literals = length(token >> 4);
    output.append(block, at, literals);
    at += literals;
    if (at === block.length) return; // the last sequence has literals alone
    const distance = byte() | (byte() << 8);
    output.repeat(distance, length(token & 15) + MIN_MATCH_BYTES);
  }
}
