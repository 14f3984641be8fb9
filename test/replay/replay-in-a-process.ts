/** usage: replay-in-a-process.ts PIPELINE_FILE SERVICE BOOTSTRAP_SERVER [TOPIC]: what the command does, for a test to kill. */
import { loadPipeline } from "../../declaration/load-pipeline.ts";
import { withCluster } from "../../replay/connect.ts";
import { intoTopic } from "../../replay/into-topic.ts";
import { planReplayInto, replayInto } from "../../replay/replay-into.ts";
import { replayable } from "../../replay/replayable.ts";
import { planReset, resetGroup } from "../../replay/reset-group.ts";

const [, , file = "", name = "", server = "", topic] = process.argv;
const pipeline = await loadPipeline(file);
const service = replayable(pipeline, name, [server]);
await withCluster([server], async (cluster) => {
  if (topic === undefined) {
    await resetGroup(cluster, service, await planReset(cluster, service, { kind: "beginning" }));
  } else {
    const into = intoTopic(pipeline, service, topic);
    const plan = await planReplayInto(cluster, service, into, { kind: "beginning" });
    await replayInto(cluster, into, plan, () => {});
  }
});
