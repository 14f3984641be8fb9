import { Command, InvalidArgumentError } from "commander";
import { bootstrapServers } from "../declaration/bootstrap-servers.ts";
import { type Pipeline, topicsOf } from "../declaration/pipeline.ts";
import { type ReplayCluster, withCluster } from "../replay/connect.ts";
import { type IntoTopic, intoTopic } from "../replay/into-topic.ts";
import { requireAvailable } from "../replay/needs.ts";
import { otherReaders } from "../replay/other-readers.ts";
import { needsOfReplayInto, planReplayInto, replayInto } from "../replay/replay-into.ts";
import { type Replayable, replayable } from "../replay/replayable.ts";
import type { ReprocessEvent } from "../replay/reprocess.ts";
import { needsOfReset, planReset, requireStopped, resetGroup } from "../replay/reset-group.ts";
import { offsetCount, parseStartPoint, type StartPoint } from "../replay/start-point.ts";
import { confirmed } from "./ask.ts";
import { pipelineOf, withPipelineOption } from "./pipeline-option.ts";
import { impactLines, type ReplayImpact, rangeLines, upTo } from "./replay-text.ts";

interface Options {
  readonly from: StartPoint;
  readonly to?: string;
  readonly yes?: boolean;
  readonly pipeline?: string;
}

export function replayCommand(): Command {
  const command = new Command("replay")
    .description("have a service read its input again, each record once: bramble replay con2 --from 1h")
    .argument("<service>", "which")
    .requiredOption("--from <place>", "beginning; a time ago, such as 90s, 1h or 2d; or an offset", startPoint)
    .option("--to <topic>", "into this topic instead of its outputs; the service itself goes on undisturbed")
    .option("--yes", "without asking");
  return withPipelineOption(command).action(replay);
}

function startPoint(text: string): StartPoint {
  const from = parseStartPoint(text);
  if (from) return from;
  throw new InvalidArgumentError("Wanted beginning, a time such as 90s, 1h or 2d, or an offset.");
}

async function replay(name: string, { from, to, yes, ...options }: Options): Promise<void> {
  const pipeline = await pipelineOf(options);
  const servers = bootstrapServers(pipeline.cluster);
  const service = replayable(pipeline, name, servers);
  const into = to === undefined ? undefined : intoTopic(pipeline, service, to);
  await withCluster(servers, async (cluster) => {
    const { hosts } = pipeline.cluster;
    if (into === undefined) {
      await requireAvailable(cluster, hosts, await needsOfReset(cluster, service));
      await intoOutputs(cluster, pipeline, service, from, yes);
    } else {
      await requireAvailable(cluster, hosts, await needsOfReplayInto(cluster, service, into));
      await intoItsOwn(cluster, service, into, from, yes);
    }
  });
}

async function intoOutputs(
  cluster: ReplayCluster,
  pipeline: Pipeline,
  service: Replayable,
  from: StartPoint,
  yes = false,
): Promise<void> {
  const { name } = service.spec;
  await requireStopped(cluster, service);
  const plan = await planReset(cluster, service, from);
  const { ranges, gone } = plan;
  const lines = rangeLines(ranges, `where ${name} is`);
  if (gone.length > 0) {
    const where = gone.map(({ topic, partition, offset }) => `${topic}/${partition} to offset ${offset}`).join(", ");
    console.log(`${name}: a replay before this one was cut short, after it had sent ${where}: that stays.`);
  } else if (offsetCount(ranges) === 0n) {
    console.log([`${name}: nothing to read again.`, ...lines].join("\n"));
    return;
  }
  if (ranges.length > 0) {
    const impact = await impactOf(cluster, pipeline, service);
    console.log([`${name} goes back, and reads again:`, ...lines, ...impactLines(impact)].join("\n"));
    if (!yes && !(await confirmed(`Send ${name} back?`))) throw new Error(`${name} goes on where it is.`);
  }
  const wasRunning = await resetGroup(cluster, service, plan);
  const done = ranges.length > 0 ? `${name} has gone back` : `${name}: nothing is left to do of that replay`;
  const next = wasRunning
    ? "It reads from there within seconds."
    : "It does not run; it reads from there once it does.";
  console.log(`${done}. ${next}`);
}

async function impactOf(
  cluster: ReplayCluster,
  { name, services }: Pipeline,
  { spec, outputTopics }: Replayable,
): Promise<ReplayImpact> {
  const ours = new Set(services.flatMap((each) => [`${name}-${each.name}`, `${name}-${each.name}-replay`]));
  const outputs: ReplayImpact["outputs"][number][] = [];
  for (const topic of outputTopics) {
    const readers = services.filter(({ input }) => topicsOf(input).some((each) => each.topic === topic));
    const others = await otherReaders(cluster, topic, ours);
    outputs.push({ topic, readers: [...readers.map((each) => each.name), ...others] });
  }
  if (spec.output.kind === "file") outputs.push({ topic: spec.output.name, readers: [] });
  const service = services.find((each) => each.name === spec.name);
  return {
    service: spec.name,
    // A changelog may hold the place in a file alone.
    isStateful: service?.apply.some(({ stateful }) => stateful) === true,
    isExact: spec.processingGuarantee !== "at_least_once",
    outputs,
  };
}

async function intoItsOwn(
  cluster: ReplayCluster,
  service: Replayable,
  into: IntoTopic,
  from: StartPoint,
  yes = false,
): Promise<void> {
  const { name } = service.spec;
  const { topic } = into;
  const plan = await planReplayInto(cluster, service, into, from);
  const { ranges, fresh, recordsThere } = plan;
  const lines = rangeLines(ranges, "its end");
  const isBegun = ranges.some(({ partition }) => !fresh.has(partition));
  if (!isBegun && offsetCount(ranges) === 0n) {
    console.log([`${name}: nothing to read again.`, ...lines].join("\n"));
    return;
  }
  const beginning = isBegun ? "going on where a replay before this one was cut short" : "beginning with no state";
  console.log(`The operators of ${name}, as the pipeline file has them now, read again, ${beginning}:`);
  console.log(lines.join("\n"));
  const isNew = recordsThere === undefined ? ", which is new" : "";
  console.log(`Their results go to ${topic}${isNew}. ${name} itself goes on undisturbed.`);
  if (!isBegun && recordsThere !== undefined && recordsThere > 0) {
    console.log(`${topic} has ${upTo(BigInt(recordsThere))} already: what comes now stands behind them.`);
    if (!yes && !(await confirmed("Go on?"))) throw new Error("Nothing was written.");
  }
  const written = await replayInto(cluster, into, plan, printProgress(offsetCount(ranges)));
  console.log(`${topic}: ${written} record${written === 1 ? "" : "s"} written.`);
}

/** Progress once in a while, and each warning. */
function printProgress(all: bigint): (event: ReprocessEvent) => void {
  let printedMs = Date.now();
  return (event) => {
    if (event.kind === "warning") console.error(`  ${event.text}`);
    if (event.kind !== "progress" || Date.now() - printedMs < 5000) return;
    printedMs = Date.now();
    console.log(`  ${Number(all) - event.left} of ${all} read, ${event.written} written`);
  };
}
