/** usage: replay-in-a-process.ts PIPELINE_FILE SERVICE BOOTSTRAP_SERVER [TOPIC]: what the command does, for a test to kill. */
import { loadPipeline } from "../../declaration/load-pipeline.ts";
import { withCluster } from "../../replay/connect.ts";
import { goBack, planBack } from "../../replay/go-back.ts";
import { intoTopic } from "../../replay/into-topic.ts";
import { planInto, replayInto } from "../../replay/replay-into.ts";
import { replayable } from "../../replay/replayable.ts";

const [, , file = "", name = "", server = "", topic] = process.argv;
const pipeline = await loadPipeline(file);
const service = replayable(pipeline, name, [server]);
await withCluster([server], async (cluster) => {
  if (topic === undefined) {
    await goBack(cluster, service, await planBack(cluster, service, { kind: "beginning" }));
  } else {
    const into = intoTopic(pipeline, service, topic);
    const plan = await planInto(cluster, service, into, { kind: "beginning" });
    await replayInto(cluster, into, plan, () => {});
  }
});
