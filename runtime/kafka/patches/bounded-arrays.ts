import type { Patch } from "./patch.ts";

/**
 * An answer says how many entries an array has. Memory for so many was taken before the first was read, and behind the answer's
 * end some of them were read as zeros without end. Each entry takes a byte at least.
 */
export const boundedArrays: Patch = {
  module: "src/protocol/decoder.js",
  upstream: [], // not reported there
  edits: [
    {
      find: "  readArray(reader) {",
      replace: `  bounded(count) {
    const left = this.buffer.length - this.offset
    if (count < 0 || count > left) {
      throw new RangeError('the answer has an array of ' + count + ' entries, but only ' + left + ' bytes are left')
    }
    return count
  }

  readArray(reader) {`,
    },
    { find: "new Array(length)", replace: "new Array(this.bounded(length))" },
    { find: "new Array(length - 1)", replace: "new Array(this.bounded(length - 1))" },
    {
      find: "const numberOfTaggedFields = this.readUVarInt()",
      replace: "const numberOfTaggedFields = this.bounded(this.readUVarInt())",
    },
  ],
};
