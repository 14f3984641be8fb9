/** The table of CRC-32C (Castagnoli, reflected polynomial 0x82f63b78; RFC 3720, B.4), and 15 that skip zeros after it. */
const TABLES = tables();

function tables(): Int32Array {
  const all = new Int32Array(16 * 256);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
    all[byte] = crc;
  }
  for (let i = 256; i < all.length; i++) {
    const before = all[i - 256] as number;
    all[i] = (before >>> 8) ^ (all[before & 0xff] as number);
  }
  return all;
}

/**
 * CRC-32C of `bytes` from `start` to `end`, as an unsigned 32-bit number. Sixteen bytes a step ("slicing", Kounavis and
 * Berry, IEEE Trans. Comput. 57(11), 2008), read as four words of the processor, which is little-endian wherever Node runs
 * on a Pi: many times as fast as one byte a step, which is what kafkajs does.
 */
export function crc32c(bytes: Uint8Array, start = 0, end = bytes.length): number {
  const aligned = start + (-(bytes.byteOffset + start) & 3);
  if (aligned >= end) return (byBytes(-1, bytes, start, end) ^ -1) >>> 0;
  const words = new Int32Array(bytes.buffer, bytes.byteOffset + aligned, ((end - aligned) >> 4) << 2);
  let crc = byBytes(-1, bytes, start, aligned);
  crc = byWords(crc, words);
  crc = byBytes(crc, bytes, aligned + words.byteLength, end);
  return (crc ^ -1) >>> 0;
}

function byBytes(before: number, bytes: Uint8Array, start: number, end: number): number {
  let crc = before;
  for (let i = start; i < end; i++) {
    crc = (TABLES[(crc ^ (bytes[i] as number)) & 0xff] as number) ^ (crc >>> 8);
  }
  return crc;
}

function byWords(before: number, words: Int32Array): number {
  const t = TABLES;
  let crc = before;
  for (let i = 0; i < words.length; i += 4) {
    const a = crc ^ (words[i] as number);
    const b = words[i + 1] as number;
    const c = words[i + 2] as number;
    const d = words[i + 3] as number;
    crc =
      (t[3840 + (a & 0xff)] as number) ^
      (t[3584 + ((a >>> 8) & 0xff)] as number) ^
      (t[3328 + ((a >>> 16) & 0xff)] as number) ^
      (t[3072 + (a >>> 24)] as number) ^
      (t[2816 + (b & 0xff)] as number) ^
      (t[2560 + ((b >>> 8) & 0xff)] as number) ^
      (t[2304 + ((b >>> 16) & 0xff)] as number) ^
      (t[2048 + (b >>> 24)] as number) ^
      (t[1792 + (c & 0xff)] as number) ^
      (t[1536 + ((c >>> 8) & 0xff)] as number) ^
      (t[1280 + ((c >>> 16) & 0xff)] as number) ^
      (t[1024 + (c >>> 24)] as number) ^
      (t[768 + (d & 0xff)] as number) ^
      (t[512 + ((d >>> 8) & 0xff)] as number) ^
      (t[256 + ((d >>> 16) & 0xff)] as number) ^
      (t[d >>> 24] as number);
  }
  return crc;
}
