import { Command, InvalidArgumentError } from "commander";
import { bootstrapServers } from "../declaration/bootstrap-servers.ts";
import { type Pipeline, topicsOf } from "../declaration/pipeline.ts";
import { type ReplayCluster, withCluster } from "../replay/connect.ts";
import { countRanges, sumOf } from "../replay/count-ranges.ts";
import { type IntoTopic, intoTopic } from "../replay/into-topic.ts";
import { requireAvailable } from "../replay/needs.ts";
import { otherReaders } from "../replay/other-readers.ts";
import { needsOfReplayInto, planReplayInto, replayInto } from "../replay/replay-into.ts";
import { type Replayable, replayable } from "../replay/replayable.ts";
import type { ReprocessEvent } from "../replay/reprocess.ts";
import { needsOfReset, planReset, requireStopped, resetGroup } from "../replay/reset-group.ts";
import { offsetCount, parseStartPoint, type StartPoint } from "../replay/start-point.ts";
import { agreed } from "./ask.ts";
import { pipelineOf, withPipelineOption } from "./pipeline-option.ts";
import { impactLines, type ReplayImpact, rangeLines, recordsText } from "./replay-text.ts";

interface Options {
  readonly from: StartPoint;
  readonly to?: string;
  readonly yes?: boolean;
  readonly pipeline?: string;
}

export function replayCommand(): Command {
  const command = new Command("replay")
    .description("make a service process its input again, each record once: bramble replay con2 --from 1h")
    .argument("<service>", "name of the service")
    .requiredOption(
      "--from <place>",
      "where to start: beginning, a time ago such as 90s, 1h or 2d, or an offset",
      startPoint,
    )
    .option("--to <topic>", "write to this topic instead of the service's outputs; the running service is not affected")
    .option("--yes", "do not ask");
  return withPipelineOption(command).action(replay);
}

function startPoint(text: string): StartPoint {
  const from = parseStartPoint(text);
  if (from) return from;
  throw new InvalidArgumentError("Expected beginning, a time such as 90s, 1h or 2d, or an offset.");
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
  const counted = await countRanges(cluster, ranges);
  const lines = rangeLines(counted, `where ${name} is`);
  if (gone.length > 0) {
    const where = gone.map(({ topic, partition, offset }) => `${topic}/${partition} to offset ${offset}`).join(", ");
    console.log(`${name}: an earlier replay was interrupted after it had moved ${where}; that is kept.`);
  } else if (sumOf(counted).records === 0) {
    console.log([`${name}: nothing to read again.`, ...lines].join("\n"));
    return;
  }
  if (ranges.length > 0) {
    const impact = await impactOf(cluster, pipeline, service);
    console.log([`${name} will read again:`, ...lines, ...impactLines(impact)].join("\n"));
    await agreed(`Replay ${name}?`, yes, { otherwise: "Nothing was changed." });
  }
  const wasRunning = await resetGroup(cluster, service, plan);
  const done = ranges.length > 0 ? `${name} was sent back` : `${name}: that replay was already complete`;
  const next = wasRunning
    ? "It starts reading there within seconds."
    : "It is not running; it will start reading there.";
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
    // A changelog does not prove it: a service without state may keep its position in a file there.
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
  const counted = await countRanges(cluster, ranges);
  const lines = rangeLines(counted, "its end");
  const isBegun = ranges.some(({ partition }) => !fresh.has(partition));
  if (!isBegun && sumOf(counted).records === 0) {
    console.log([`${name}: nothing to read again.`, ...lines].join("\n"));
    return;
  }
  const beginning = isBegun ? "continuing where an earlier replay was interrupted" : "starting with no state";
  console.log(`The operators of ${name}, as they are in the pipeline file now, will read again, ${beginning}:`);
  console.log(lines.join("\n"));
  const isNew = recordsThere === undefined ? ", a new topic" : "";
  console.log(`Their results go to ${topic}${isNew}. The running ${name} is not affected.`);
  if (!isBegun && recordsThere !== undefined && recordsThere.records > 0) {
    console.log(`${topic} already has ${recordsText(recordsThere)}; the new ones will follow them.`);
    await agreed("Continue?", yes, { otherwise: "Nothing was written." });
  }
  const written = await replayInto(cluster, into, plan, printProgress(offsetCount(ranges)));
  console.log(`${topic}: ${written} record${written === 1 ? "" : "s"} written.`);
}

/**
 * Prints progress every 5 s, and each warning.
 * @param all offsets, which are not quite records, but as good for a share of them
 */
function printProgress(all: bigint): (event: ReprocessEvent) => void {
  let printedMs = Date.now();
  return (event) => {
    if (event.kind === "warning") console.error(`  ${event.text}`);
    if (event.kind !== "progress" || Date.now() - printedMs < 5000) return;
    printedMs = Date.now();
    const percent = Math.floor((100 * (Number(all) - event.left)) / Number(all));
    console.log(`  ${percent} % read, ${event.written} written`);
  };
}
