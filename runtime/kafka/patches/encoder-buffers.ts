import type { Patch } from "./patch.ts";

/**
 * Every encoder began with 512 bytes filled with zeros; what it hands out is only what was written. And a request is made of
 * encoders within encoders, each of which copied the one inside: half a megabyte of records five times, and into buffers
 * of up to twice the size. Large pieces are kept as they are now, and written one after the other.
 */
export const encoderBuffers: Patch = {
  module: "src/protocol/encoder.js",
  upstream: ["https://github.com/tulios/kafkajs/pull/811"],
  edits: [
    { find: "Buffer.alloc(", replace: "Buffer.allocUnsafe(" },
    { find: "    this.offset = 0\n", replace: "    this.offset = 0\n    this.pieces = []\n" },
    {
      find: "    const bufferLength = buffer.length\n",
      replace: `    const bufferLength = buffer.length
    if (bufferLength >= 16384) {
      this.pieces.push(this.buf.slice(0, this.offset), buffer)
      this.buf = this.buf.slice(this.offset)
      this.offset = 0
      return
    }
`,
    },
    {
      find: "    return this.buf.slice(0, this.offset)\n",
      replace: `    return this.pieces.length === 0 ? this.buf.slice(0, this.offset) : Buffer.concat(this.all)
  }

  /** All that was written, piece by piece. */
  get all() {
    return [...this.pieces, this.buf.slice(0, this.offset)]
`,
    },
    {
      find: "this.writeBufferInternal(value.buffer)",
      replace: "value.all.forEach(piece => this.writeBufferInternal(piece))",
    },
    { find: "this.writeBufferInternal(v.buffer)", replace: "v.all.forEach(piece => this.writeBufferInternal(piece))" },
    {
      find: "    return this.offset\n",
      replace: "    return this.pieces.reduce((sum, { length }) => sum + length, this.offset)\n",
    },
  ],
};

/** And there is one encoder a record, whose size is known beforehand: length (at most 5 bytes) and body. */
export const recordBuffers: Patch = {
  module: "src/protocol/recordBatch/record/v0/index.js",
  upstream: ["https://github.com/tulios/kafkajs/pull/811"],
  edits: [{ find: "return new Encoder()", replace: "return new Encoder(sizeOfBody + 5)" }],
};

/**
 * What the pieces are for: nobody puts them together. Kept back (corked), they go out as one. And of what comes in, an
 * empty rest was kept, with which the next answer was put together: a copy of each.
 */
export const requestPieces: Patch = {
  module: "src/network/connection.js",
  upstream: ["https://github.com/tulios/kafkajs/pull/811"],
  edits: [
    { find: "size: Buffer.byteLength(requestPayload.buffer)", replace: "size: requestPayload.size()" },
    {
      find: "this.socket.write(requestPayload.buffer, 'binary')",
      replace: `this.socket.cork()
              requestPayload.all.forEach(piece => this.socket.write(piece))
              this.socket.uncork()`,
    },
    {
      find: "this.chunks = [remainderBuffer]",
      replace: "this.chunks = remainderBuffer.length > 0 ? [remainderBuffer] : []",
    },
  ],
};
