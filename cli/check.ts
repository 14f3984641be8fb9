import { Command } from "commander";
import { loadPipeline } from "../declaration/load-pipeline.ts";
import { runOffline } from "../declaration/offline.ts";
import { offlineReport } from "./offline-report.ts";
import { stackPipelineFile } from "./pipeline-option.ts";
import { wholeNumber } from "./whole-number.ts";

export function checkCommand(): Command {
  return new Command("check")
    .description("validate a pipeline file and show what it computes, without Kafka or any host")
    .argument("[file]", "pipeline file (default: the stack's)")
    .option("--most <n>", "show at most n values of each stream", wholeNumber, 50)
    .action(async (file: string | undefined, { most }: { most: number }) => {
      const pipeline = await loadPipeline(file ?? stackPipelineFile(), { checkTypes: true });
      console.log(offlineReport(pipeline, await runOffline(pipeline), most));
    });
}
