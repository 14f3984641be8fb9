import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Plugin } from "esbuild";
import { encoderBuffers, recordBuffers, requestPieces } from "./encoder-buffers.ts";
import { fetchedAhead } from "./fetched-ahead.ts";
import { abortedTransactions, fetchedBatches } from "./fetched-batches.ts";
import { groupMessages } from "./group-messages.ts";
import { knownCoordinators } from "./known-coordinators.ts";
import { ownTopics } from "./own-topics.ts";
import { applyPatch, type Patch } from "./patch.ts";
import { preparedBatches, sequenceNumbers } from "./prepared-batches.ts";
import { partlyRefused, refusedRecords } from "./refused-records.ts";
import { requestQueueTimer } from "./request-queue-timer.ts";
import { sendOnce } from "./send-once.ts";

const PATCHES: readonly Patch[] = [
  fetchedBatches,
  abortedTransactions,
  ...fetchedAhead,
  ownTopics,
  preparedBatches,
  sequenceNumbers,
  knownCoordinators,
  groupMessages,
  encoderBuffers,
  recordBuffers,
  requestPieces,
  requestQueueTimer,
  sendOnce,
  refusedRecords,
  partlyRefused,
];

export const patchKafkajs: Plugin = {
  name: "patch-kafkajs",
  setup: (esbuild) => {
    // A path in the project that is bundled, so that its bundle is the same wherever it is.
    const fetcher = join(esbuild.initialOptions.absWorkingDir ?? process.cwd(), "runtime/kafka/fetcher.ts");
    esbuild.onResolve({ filter: /^\.\/fetcher$/ }, ({ importer }) =>
      importer.endsWith(join("kafkajs/src/consumer/fetchManager.js")) ? { path: fetcher } : undefined,
    );
    esbuild.onLoad({ filter: /[\\/]kafkajs[\\/]src[\\/]/ }, async ({ path }) => {
      const patches = PATCHES.filter(({ module }) => path.endsWith(join("kafkajs", module)));
      if (patches.length === 0) return undefined;
      const source = await readFile(path, "utf8");
      return { contents: patches.reduce((patched, patch) => applyPatch(patch, patched), source), loader: "js" };
    });
  },
};
