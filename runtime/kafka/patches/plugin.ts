import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Plugin } from "esbuild";
import { encoderBuffers, recordBuffers } from "./encoder-buffers.ts";
import { abortedTransactions, fetchedBatches } from "./fetched-batches.ts";
import { groupMessages } from "./group-messages.ts";
import { applyPatch, type Patch } from "./patch.ts";
import { preparedBatches, sequenceNumbers } from "./prepared-batches.ts";
import { requestQueueTimer } from "./request-queue-timer.ts";
import { sendOnce } from "./send-once.ts";

const PATCHES: readonly Patch[] = [
  fetchedBatches,
  abortedTransactions,
  preparedBatches,
  sequenceNumbers,
  groupMessages,
  encoderBuffers,
  recordBuffers,
  requestQueueTimer,
  sendOnce,
];

export const patchKafkajs: Plugin = {
  name: "patch-kafkajs",
  setup: (esbuild) => {
    esbuild.onLoad({ filter: /[\\/]kafkajs[\\/]src[\\/]/ }, async ({ path }) => {
      const patch = PATCHES.find(({ module }) => path.endsWith(join("kafkajs", module)));
      return patch && { contents: applyPatch(patch, await readFile(path, "utf8")), loader: "js" };
    });
  },
};
