import { Command } from "commander";
import { PipelineFaults } from "../declaration/faults.ts";
import { loadPipeline } from "../declaration/load-pipeline.ts";

export function validateCommand(): Command {
  return new Command("validate")
    .description("list every fault of pipeline files, each as file:line:col; nothing is touched")
    .argument("<file...>", "pipeline files")
    .action(validate);
}

async function validate(files: string[]): Promise<void> {
  for (const file of files) {
    try {
      const { cluster, services, topics } = await loadPipeline(file, { checkTypes: true });
      const streams = topics.filter(({ role }) => role === "stream").length;
      console.log(`${file}: valid; hosts: ${cluster.hosts.length}, services: ${services.length}, topics: ${streams}`);
    } catch (error) {
      if (!(error instanceof PipelineFaults)) throw error;
      console.error(error.message);
      process.exitCode = 1;
    }
  }
}
