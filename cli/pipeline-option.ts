import type { Command } from "commander";
import { loadPipeline } from "../declaration/load-pipeline.ts";
import type { Pipeline } from "../declaration/pipeline.ts";
import { stackConfig } from "./stack-config.ts";

/** Gives a command the option --pipeline, for another pipeline file than the stack's. */
export function withPipelineOption(command: Command): Command {
  return command.option("--pipeline <file>", "pipeline file (default: the stack's)");
}

export function pipelineOf({ pipeline }: { readonly pipeline?: string }): Promise<Pipeline> {
  return loadPipeline(pipeline ?? stackPipelineFile());
}

/** What `pulumi up` deploys. */
export function stackPipelineFile(): string {
  return stackConfig().plain.pipeline ?? "pipelines/kafka_chaining.yaml";
}
