import { Command } from "commander";
import { bootstrapServers } from "../declaration/bootstrap-servers.ts";
import { groupIdOf } from "../declaration/group-id.ts";
import { type Pipeline, topicsOf } from "../declaration/pipeline.ts";
import { didYouMean } from "../declaration/suggest.ts";
import { CommandError } from "../replay/command-error.ts";
import { type ReplayCluster, withCluster } from "../replay/connect.ts";
import {
  type Consumer,
  countDeadLetters,
  deadLetterGroup,
  readDeadLetters,
  unreadable,
  withoutTopic,
} from "../replay/dead-letters.ts";
import { leaderlessLines, requireAvailable } from "../replay/needs.ts";
import { otherReaders } from "../replay/other-readers.ts";
import { needsOfPutBack, putBack } from "../replay/put-back.ts";
import { confirmed } from "./ask.ts";
import {
  type CountedService,
  countsTable,
  deadLetterJson,
  deadLetterLines,
  missingLine,
  originOf,
} from "./dead-letter-text.ts";
import { errorJson } from "./error-json.ts";
import { pipelineOf, withPipelineOption } from "./pipeline-option.ts";
import { wholeNumber } from "./whole-number.ts";

interface Options {
  readonly json?: boolean;
  readonly all?: boolean;
  readonly most: number;
  readonly replay?: boolean;
  readonly yes?: boolean;
  readonly pipeline?: string;
}

const NOBODY_TO_REPLAY = "--replay needs a service: npx bramble deadletters SERVICE --replay";

export function deadlettersCommand(): Command {
  const command = new Command("deadletters")
    .description(
      "show the records that services could not process, and why; --replay puts them back; exit code 1: some could not be read",
    )
    .argument("[service]", "show this service's dead letters (default: count those of every service)")
    .option("--json", "print every dead letter in full, also those already put back: one JSON object per line")
    .option("--all", "also show those already put back")
    .option("--most <n>", "show the newest n", wholeNumber, 50)
    .option("--replay", "put the waiting ones back into the topic they came from, for this service alone")
    .option("--yes", "put them back without asking");
  return withPipelineOption(command).action(deadletters);
}

async function deadletters(service: string | undefined, options: Options): Promise<void> {
  const pipeline = await pipelineOf(options);
  const consumers = consumersOf(pipeline);
  const chosen = service === undefined ? consumers : [named(service, consumers)];
  await withCluster(bootstrapServers(pipeline.cluster), async (cluster) => {
    const [only] = chosen;
    const missing = await withoutTopic(cluster, chosen);
    if (service !== undefined && missing.length > 0) throw new CommandError("topic-missing", missingLine(missing));
    if (options.replay && !options.json) {
      if (service === undefined || only === undefined) throw new Error(NOBODY_TO_REPLAY);
      return replay(cluster, only, pipeline, options.yes);
    }
    const silent = await unreadable(cluster, chosen);
    const silence = leaderlessLines(pipeline.cluster.hosts, [...silent.values()].flat());
    const leaderless = new CommandError("partition-leaderless", silence.join("\n"));
    if (service !== undefined && silent.size > 0) throw leaderless;
    if (options.json) {
      if (missing.length > 0) console.error(errorJson(new CommandError("topic-missing", missingLine(missing))));
      for (const each of chosen) {
        if (!missing.includes(each) && !silent.has(each.deadLetterTopic)) await printJson(cluster, each);
      }
    } else if (service === undefined || only === undefined) await printCounts(cluster, chosen, missing, silent);
    else await printDeadLetters(cluster, only, options);
    if (silent.size === 0) return;
    console.error(options.json ? errorJson(leaderless) : leaderless.message);
    process.exitCode = 1;
  });
}

/** Every service that reads topics. */
function consumersOf({ name: pipeline, services }: Pipeline): Consumer[] {
  return services.flatMap(({ name, input, deadLetterTopic }) => {
    if (deadLetterTopic === undefined) return [];
    const inputTopics = topicsOf(input).map(({ topic }) => topic);
    return [{ name, groupId: groupIdOf(pipeline, name), inputTopics, deadLetterTopic }];
  });
}

function named(service: string, consumers: readonly Consumer[]): Consumer {
  const found = consumers.find(({ name }) => name === service);
  if (found) return found;
  const names = consumers.map(({ name }) => name);
  const services = `services that read a topic: ${names.join(", ")}`;
  throw new CommandError("service-unknown", `there is no service ${service}; ${services}${didYouMean(service, names)}`);
}

async function printCounts(
  cluster: ReplayCluster,
  consumers: readonly Consumer[],
  missing: readonly Consumer[],
  silent: ReadonlyMap<string, unknown>,
): Promise<void> {
  const counted: CountedService[] = [];
  for (const each of consumers) {
    if (missing.includes(each)) counted.push({ ...each, count: "does not exist" });
    else if (silent.has(each.deadLetterTopic)) counted.push({ ...each, count: "cannot be read now" });
    else counted.push({ ...each, count: await countDeadLetters(cluster, each) });
  }
  console.log(countsTable(counted));
  if (missing.length > 0) console.log(missingLine(missing));
}

function printJson(cluster: ReplayCluster, consumer: Consumer): Promise<void> {
  return readDeadLetters(cluster, consumer, (deadLetter, isPutBack) => {
    console.log(deadLetterJson(consumer.name, deadLetter, isPutBack));
  });
}

async function printDeadLetters(cluster: ReplayCluster, consumer: Consumer, { all, most }: Options): Promise<void> {
  const newest: string[][] = [];
  let [shown, putBack] = [0, 0];
  await readDeadLetters(cluster, consumer, (deadLetter, isPutBack) => {
    if (isPutBack) putBack++;
    if (isPutBack && !all) return;
    shown++;
    newest.push(deadLetterLines(deadLetter));
    if (newest.length > most) newest.shift();
  });
  const { name } = consumer;
  const before = putBack === 0 ? "" : all ? ` (${putBack} of them put back)` : `; ${putBack} more were put back`;
  console.log(`${name}: ${deadLetters(shown)}${all ? "" : " waiting"}${before}`);
  if (shown > newest.length) console.log(`  the newest ${newest.length}:`);
  for (const line of newest.flat()) console.log(`  ${line}`);
  if (shown > 0 && !all) console.log(`To put them back, for ${name} alone: npx bramble deadletters ${name} --replay`);
}

async function replay(cluster: ReplayCluster, consumer: Consumer, pipeline: Pipeline, yes = false): Promise<void> {
  const { name, inputTopics } = consumer;
  await requireAvailable(cluster, pipeline.cluster.hosts, needsOfPutBack(consumer));
  const { waiting } = await countDeadLetters(cluster, consumer);
  if (waiting === 0) {
    console.log(`${name}: no dead letters are waiting.`);
    return;
  }
  const ours = new Set(consumersOf(pipeline).flatMap((each) => [each.groupId, deadLetterGroup(each)]));
  for (const topic of inputTopics) {
    const strangers = await otherReaders(cluster, topic, ours);
    if (strangers.length === 0) continue;
    console.log(`Outside this pipeline, ${topic} is also read by ${strangers.join(", ")}.`);
    console.log(`  They will get these records a second time; bramble's services skip records put back for ${name}.`);
    if (!yes && !(await confirmed(`Put ${deadLetters(waiting)} back into ${topic}?`)))
      throw new Error("Nothing was put back.");
  }
  const { records, left } = await putBack(cluster, consumer);
  console.log(`${name}: ${deadLetters(records)} put back, for ${name} alone.`);
  for (const { deadLetter, why } of left) console.log(`  left out: ${originOf(deadLetter)}: ${why}`);
}

function deadLetters(count: number): string {
  return count === 1 ? "1 dead letter" : `${count} dead letters`;
}
