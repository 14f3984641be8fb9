/** usage: replay-in-a-process.ts PIPELINE_FILE SERVICE TOPIC BOOTSTRAP_SERVER: what the command does, for a test to kill. */
import { loadPipeline } from "../../declaration/load-pipeline.ts";
import { withCluster } from "../../replay/connect.ts";
import { intoTopic } from "../../replay/into-topic.ts";
import { planInto, replayInto } from "../../replay/replay-into.ts";
import { replayable } from "../../replay/replayable.ts";

const [, , file = "", name = "", topic = "", server = ""] = process.argv;
const pipeline = await loadPipeline(file);
const service = replayable(pipeline, name, [server]);
const into = intoTopic(pipeline, service, topic);
await withCluster([server], async (cluster) => {
  const plan = await planInto(cluster, service, into, { kind: "beginning" });
  await replayInto(cluster, into, plan, () => {});
});
