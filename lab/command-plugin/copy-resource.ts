import { type CopyArgs, copyToRemote } from "./copy-to-remote.ts";
import { asAsset, equal, type Properties, reveal } from "./property-values.ts";
import type { ResourceType } from "./resource-type.ts";

/** `command:remote:CopyToRemote` */
export const copyResource: ResourceType = {
  inputs: {
    connection: { type: "object", required: true },
    source: { type: "object", required: true },
    remotePath: { type: "string", required: true },
    triggers: { type: "list", replace: true },
  },

  check({ source }) {
    const { path, text } = asAsset(source) ?? {};
    if (path !== undefined || text !== undefined) return [];
    return [{ property: "source", reason: "must be a FileAsset, a StringAsset or a FileArchive" }];
  },

  async create(inputs, log) {
    await copyToRemote(copyArgs(inputs), log);
    return inputs;
  },

  async update(state, inputs, log) {
    const [before, now] = [copyArgs(state), copyArgs(inputs)];
    // A new connection alone is no reason to copy again what is there.
    const same = before.remotePath === now.remotePath && equal(reveal(state.source), reveal(inputs.source));
    if (!same) await copyToRemote(now, log);
    return inputs;
  },

  // What was copied stays: the official plugin has no delete for it either.
  delete: async () => {},

  preview: (inputs) => inputs,
};

function copyArgs(properties: Properties): CopyArgs {
  const { connection, source, remotePath } = reveal(properties) as Properties;
  const asset = asAsset(source);
  if (asset === undefined) throw new Error("source is neither an asset nor an archive");
  return { connection: connection as CopyArgs["connection"], source: asset, remotePath: remotePath as string };
}
