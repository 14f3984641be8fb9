import type { DeclaredPipeline } from "../impact/declared-pipeline.ts";
import type { ResourceType } from "./resource-type.ts";

/**
 * What the pipeline file declares, recorded last of all. It is nothing on any host, and never differs: the provider
 * compares it with what was recorded before, and tells in preview what the whole plan means.
 */
export const impact: ResourceType<DeclaredPipeline, DeclaredPipeline> = {
  token: "bramble:pipeline:Impact",
  replaceOn: [],
  deleteBeforeReplace: false,
  local: ["hosts", "bootstrapServers", "firstServers", "keepData", "services", "topics"],
  id: () => "impact",
  observe: async (_session, args) => args,
  steps: () => [],
  async validate() {},
  apply: async (_session, want) => want,
  async remove() {},
};
