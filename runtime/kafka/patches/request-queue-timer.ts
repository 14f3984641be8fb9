import type { Patch } from "./patch.ts";

/**
 * Every connection looked for waiting requests each millisecond, for ever, also when there were none: most of the CPU
 * time of an idle service. There is something to look for only while requests wait.
 */
export const requestQueueTimer: Patch = {
  module: "src/network/requestQueue/index.js",
  upstream: ["https://github.com/tulios/kafkajs/issues/1704"],
  edits: [
    {
      find: "if (!this.throttleCheckTimeoutId) {",
      replace: "if (!this.throttleCheckTimeoutId && this.pending.length > 0) {",
    },
  ],
};
