import { Command, InvalidArgumentError } from "commander";
import { bootstrapServers } from "../declaration/bootstrap-servers.ts";
import { type Pipeline, topicsOf } from "../declaration/pipeline.ts";
import { type ReplayCluster, withCluster } from "../replay/connect.ts";
import { goBack, mustLetGo, needsOfGoingBack, planBack } from "../replay/go-back.ts";
import { type IntoTopic, intoTopic } from "../replay/into-topic.ts";
import { mustHave } from "../replay/needs.ts";
import { otherReaders } from "../replay/other-readers.ts";
import { needsInto, planInto, replayInto } from "../replay/replay-into.ts";
import { type Replayable, replayable } from "../replay/replayable.ts";
import type { News } from "../replay/reprocess.ts";
import { type From, offsetsIn, readFrom } from "../replay/starting-place.ts";
import { confirmed } from "./ask.ts";
import { pipelineOf, withPipelineOption } from "./pipeline-option.ts";
import { type Meaning, meaningLines, stretchLines, upTo } from "./replay-words.ts";

interface Options {
  readonly from: From;
  readonly to?: string;
  readonly yes?: boolean;
  readonly pipeline?: string;
}

export function replayCommand(): Command {
  const command = new Command("replay")
    .description("have a service read its input again, each record once: bramble replay con2 --from 1h")
    .argument("<service>", "which")
    .requiredOption("--from <place>", "beginning; a time ago, such as 90s, 1h or 2d; or an offset", place)
    .option("--to <topic>", "into this topic instead of its outputs; the service itself goes on undisturbed")
    .option("--yes", "without asking");
  return withPipelineOption(command).action(replay);
}

function place(text: string): From {
  const from = readFrom(text);
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
      await mustHave(cluster, hosts, await needsOfGoingBack(cluster, service));
      await intoOutputs(cluster, pipeline, service, from, yes);
    } else {
      await mustHave(cluster, hosts, await needsInto(cluster, service, into));
      await intoItsOwn(cluster, service, into, from, yes);
    }
  });
}

async function intoOutputs(
  cluster: ReplayCluster,
  pipeline: Pipeline,
  service: Replayable,
  from: From,
  yes = false,
): Promise<void> {
  const { name } = service.spec;
  await mustLetGo(cluster, service);
  const plan = await planBack(cluster, service, from);
  const { stretches, gone } = plan;
  const lines = stretchLines(stretches, `where ${name} is`);
  if (gone.length > 0) {
    const where = gone.map(({ topic, partition, offset }) => `${topic}/${partition} to offset ${offset}`).join(", ");
    console.log(`${name}: a replay before this one was cut short, after it had sent ${where}: that stays.`);
  } else if (offsetsIn(stretches) === 0n) {
    console.log([`${name}: nothing to read again.`, ...lines].join("\n"));
    return;
  }
  if (stretches.length > 0) {
    const meaning = await meaningOf(cluster, pipeline, service);
    console.log([`${name} goes back, and reads again:`, ...lines, ...meaningLines(meaning)].join("\n"));
    if (!yes && !(await confirmed(`Send ${name} back?`))) throw new Error(`${name} goes on where it is.`);
  }
  const wasRunning = await goBack(cluster, service, plan);
  const done = stretches.length > 0 ? `${name} has gone back` : `${name}: nothing is left to do of that replay`;
  const next = wasRunning
    ? "It reads from there within seconds."
    : "It does not run; it reads from there once it does.";
  console.log(`${done}. ${next}`);
}

async function meaningOf(
  cluster: ReplayCluster,
  { name, services }: Pipeline,
  { spec, outputTopics }: Replayable,
): Promise<Meaning> {
  const ours = new Set(services.flatMap((each) => [`${name}-${each.name}`, `${name}-${each.name}-replay`]));
  const outputs: Meaning["outputs"][number][] = [];
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
  from: From,
  yes = false,
): Promise<void> {
  const { name } = service.spec;
  const { topic } = into;
  const plan = await planInto(cluster, service, into, from);
  const { stretches, fresh, recordsThere } = plan;
  const lines = stretchLines(stretches, "its end");
  const isBegun = stretches.some(({ partition }) => !fresh.has(partition));
  if (!isBegun && offsetsIn(stretches) === 0n) {
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
  const written = await replayInto(cluster, into, plan, telling(offsetsIn(stretches)));
  console.log(`${topic}: ${written} record${written === 1 ? "" : "s"} written.`);
}

/** Progress once in a while, and each warning. */
function telling(all: bigint): (news: News) => void {
  let told = Date.now();
  return (news) => {
    if (news.kind === "warning") console.error(`  ${news.text}`);
    if (news.kind !== "progress" || Date.now() - told < 5000) return;
    told = Date.now();
    console.log(`  ${Number(all) - news.left} of ${all} read, ${news.written} written`);
  };
}
