import type { Patch } from "./patch.ts";

/** Every encoder began with 512 bytes filled with zeros; what it hands out is only what was written. */
export const encoderBuffers: Patch = {
  module: "src/protocol/encoder.js",
  upstream: ["https://github.com/tulios/kafkajs/pull/811"],
  edits: [{ find: "Buffer.alloc(", replace: "Buffer.allocUnsafe(" }],
};

/** And there is one encoder a record, whose size is known beforehand: length (at most 5 bytes) and body. */
export const recordBuffers: Patch = {
  module: "src/protocol/recordBatch/record/v0/index.js",
  upstream: ["https://github.com/tulios/kafkajs/pull/811"],
  edits: [{ find: "return new Encoder()", replace: "return new Encoder(sizeOfBody + 5)" }],
};
