import { Command } from "commander";
import { loadPipeline } from "../declaration/load-pipeline.ts";
import { runOffline } from "../declaration/offline.ts";
import type { DriverOptions } from "../declaration/pipeline-driver.ts";
import { offlineReport } from "./offline-report.ts";
import { stackPipelineFile } from "./pipeline-option.ts";
import { wholeNumber } from "./whole-number.ts";

export function checkCommand(): Command {
  return new Command("check")
    .description("validate a pipeline file and show what it computes, without Kafka or any host")
    .argument("[file]", "pipeline file (default: the stack's)")
    .option("--most <n>", "show at most n values of each stream", wholeNumber, 50)
    .option("--clock <time>", "what the services' clocks show at the start, such as 2026-11-29T12:00:00Z")
    .action(async (file: string | undefined, { most, ...options }: DriverOptions & { most: number }) => {
      const pipeline = await loadPipeline(file ?? stackPipelineFile(), { checkTypes: true });
      console.log(offlineReport(pipeline, await runOffline(pipeline, options), most));
    });
}
