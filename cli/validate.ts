import { Command } from "commander";
import { PipelineError } from "../declaration/diagnostic.ts";
import { loadPipeline } from "../declaration/load-pipeline.ts";
import { stackPipelineFile } from "./pipeline-option.ts";

export function validateCommand(): Command {
  return new Command("validate")
    .description("list every mistake in pipeline files, each with file:line:column; no host is touched")
    .argument("[files...]", "pipeline files (default: the stack's)")
    .action(validate);
}

async function validate(files: string[]): Promise<void> {
  for (const file of files.length > 0 ? files : [stackPipelineFile()]) {
    try {
      const { cluster, services, topics } = await loadPipeline(file, { checkTypes: true });
      const streams = topics.filter(({ role }) => role === "stream").length;
      console.log(`${file}: valid; hosts: ${cluster.hosts.length}, services: ${services.length}, topics: ${streams}`);
    } catch (error) {
      if (!(error instanceof PipelineError)) throw error;
      console.error(error.message);
      process.exitCode = 1;
    }
  }
}
