import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { parse } from "yaml";
import { kafkaSeries, type Mode } from "./kafka-versions.ts";
import { loadPipeline } from "./load-pipeline.ts";

// Prints a version of Kafka for set-up: node declaration/wanted-kafka.ts [zookeeper | kraft]
// That of a mode, or that of the pipeline file in Pulumi.rpi.yaml. A file that cannot be loaded has its faults told by
// `pulumi preview`; set-up then brings what a file without a word on it would get.
const [, , mode] = process.argv;
console.log(mode === undefined ? await wanted() : kafkaSeries[mode as Mode].version);

async function wanted(): Promise<string> {
  const root = resolve(import.meta.dirname, "..");
  try {
    const { config } = parse(readFileSync(resolve(root, "Pulumi.rpi.yaml"), "utf8"));
    const pipeline = await loadPipeline(resolve(root, config["bramble:pipeline"]));
    return pipeline.cluster.kafka.version;
  } catch {
    return kafkaSeries.zookeeper.version;
  }
}
