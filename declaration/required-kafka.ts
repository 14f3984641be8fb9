import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { parse } from "yaml";
import { kafkaSeries, type Mode } from "./kafka-versions.ts";
import { loadPipeline } from "./load-pipeline.ts";

/**
 * The version of Kafka that the pipeline file of a stack's configuration (Pulumi.rpi.yaml) wants. A file that cannot be
 * loaded has its faults told by `pulumi preview`; here it wants what a file without a word on it would.
 */
export async function requiredKafka(configFile: string): Promise<string> {
  try {
    const { config } = parse(readFileSync(configFile, "utf8"));
    const pipeline = await loadPipeline(resolve(dirname(configFile), config["bramble:pipeline"]));
    return pipeline.cluster.kafka.version;
  } catch {
    return kafkaSeries.zookeeper.version;
  }
}

// For set-up, which is no TypeScript: node declaration/required-kafka.ts [zookeeper | kraft]
if (import.meta.main) {
  const mode = process.argv[2];
  const config = resolve(import.meta.dirname, "../Pulumi.rpi.yaml");
  console.log(mode === undefined ? await requiredKafka(config) : kafkaSeries[mode as Mode].version);
}
