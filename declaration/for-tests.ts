/** What tests of operators and pipelines import as "bramble/test". */
export { type At, run, runAt } from "../operators/run.ts";
export { openDriver, type PipelineDriver, type TopicRecord } from "./pipeline-driver.ts";
