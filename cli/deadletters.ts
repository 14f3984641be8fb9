import { Command, Option } from "commander";
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
import { agreed } from "./ask.ts";
import { cutToTerminal } from "./columns.ts";
import {
  type CountedService,
  countsTable,
  deadLetterJson,
  deadLetterLines,
  deadLetters,
  leftLines,
  missingLine,
} from "./dead-letter-text.ts";
import { errorJson } from "./error-json.ts";
import { pipelineOf, withPipelineOption } from "./pipeline-option.ts";
import { wholeNumber } from "./whole-number.ts";

interface Options {
  readonly json?: boolean;
  readonly all?: boolean;
  readonly most?: number;
  readonly replay?: boolean;
  readonly yes?: boolean;
  readonly pipeline?: string;
}

/** How many are shown when nothing is said. */
const SHOWN = 50;

const NOBODY_TO_REPLAY = "--replay needs a service: npx bramble deadletters SERVICE --replay";

export function deadlettersCommand(): Command {
  const command = new Command("deadletters")
    .description(
      "show the records that services could not process, and why; --replay puts them back; exit code 1: some could not be read or put back",
    )
    .argument("[service]", "show this service's dead letters (default: count those of every service)")
    .option("--json", "print every dead letter in full, also those already put back: one JSON object per line")
    .option("--all", "also show those already put back")
    .option("--most <n>", `show the newest n of a service (default: ${SHOWN}; all with --json)`, wholeNumber)
    .addOption(
      new Option(
        "--replay",
        "put the waiting ones back into the topic they came from, for this service alone",
      ).conflicts(["json", "all", "most"]),
    )
    .option("--yes", "put them back without asking");
  return withPipelineOption(command).action(deadletters);
}

async function deadletters(service: string | undefined, options: Options): Promise<void> {
  const pipeline = await pipelineOf(options);
  const consumers = consumersOf(pipeline);
  const chosen = service === undefined ? consumers : [named(service, pipeline, consumers)];
  await withCluster(bootstrapServers(pipeline.cluster), async (cluster) => {
    const [only] = chosen;
    const missing = await withoutTopic(cluster, chosen);
    if (service !== undefined && missing.length > 0) throw new CommandError("topic-missing", missingLine(missing));
    if (options.replay) {
      if (service === undefined || only === undefined) throw new Error(NOBODY_TO_REPLAY);
      return replay(cluster, only, pipeline, options.yes === true);
    }
    const silent = await unreadable(cluster, chosen);
    const silence = leaderlessLines(pipeline.cluster.hosts, [...silent.values()].flat());
    const leaderless = new CommandError("partition-leaderless", silence.join("\n"));
    if (service !== undefined && silent.size > 0) throw leaderless;
    if (options.json) {
      if (missing.length > 0) console.error(errorJson(new CommandError("topic-missing", missingLine(missing))));
      for (const each of chosen) {
        if (!missing.includes(each) && !silent.has(each.deadLetterTopic)) await printJson(cluster, each, options.most);
      }
    } else if (service === undefined || only === undefined) await printCounts(cluster, chosen, missing, silent);
    else await printDeadLetters(cluster, only, options);
    if (silent.size === 0) return;
    console.error(options.json ? errorJson(leaderless) : leaderless.message);
    process.exitCode = 1;
  });
}

/** Every service that may have dead letters: all but those whose source has only values that are known to be good. */
function consumersOf({ name: pipeline, services }: Pipeline): Consumer[] {
  return services.flatMap(({ name, input, deadLetterTopic }) => {
    if (deadLetterTopic === undefined) return [];
    const inputTopics = topicsOf(input).map(({ topic }) => topic);
    return [{ name, groupId: groupIdOf(pipeline, name), inputTopics, deadLetterTopic }];
  });
}

function named(service: string, { services }: Pipeline, consumers: readonly Consumer[]): Consumer {
  const found = consumers.find(({ name }) => name === service);
  if (found) return found;
  const names = consumers.map(({ name }) => name);
  const problem = services.some(({ name }) => name === service)
    ? `${service} has no dead letters, as all values of its source are valid`
    : `there is no service ${service}`;
  const others = `services with a dead-letter topic: ${names.join(", ")}`;
  throw new CommandError("service-unknown", `${problem}; ${others}${didYouMean(service, names)}`);
}

async function printCounts(
  cluster: ReplayCluster,
  consumers: readonly Consumer[],
  missing: readonly Consumer[],
  silent: ReadonlyMap<string, unknown>,
): Promise<void> {
  if (consumers.length === 0) {
    console.log("No service of this pipeline can have dead letters: all values of its sources are valid.");
    return;
  }
  const counted: CountedService[] = [];
  for (const each of consumers) {
    if (missing.includes(each)) counted.push({ ...each, count: "does not exist" });
    else if (silent.has(each.deadLetterTopic)) counted.push({ ...each, count: "cannot be read now" });
    else counted.push({ ...each, count: await countDeadLetters(cluster, each) });
  }
  console.log(cutToTerminal(countsTable(counted)));
  if (missing.length > 0) console.log(missingLine(missing));
}

async function printJson(cluster: ReplayCluster, consumer: Consumer, most: number | undefined): Promise<void> {
  await readDeadLetters(cluster, consumer, { most }, (deadLetter, standing) => {
    console.log(deadLetterJson(consumer.name, deadLetter, standing));
  });
}

async function printDeadLetters(
  cluster: ReplayCluster,
  { name, ...consumer }: Consumer,
  { all = false, most = SHOWN }: Options,
): Promise<void> {
  const lines: string[] = [];
  let shown = 0;
  const wanted = { onlyWaiting: !all, most };
  const { waiting, putBack } = await readDeadLetters(cluster, { name, ...consumer }, wanted, (deadLetter, standing) => {
    shown++;
    lines.push(...deadLetterLines(deadLetter, standing.times));
  });
  const total = all ? waiting + putBack : waiting;
  const others = putBack === 0 ? "" : all ? ` (${putBack} of them put back)` : `; ${putBack} more were put back`;
  console.log(`${name}: ${deadLetters(total)}${all ? "" : " waiting"}${others}`);
  if (total > shown) console.log(shown === 1 ? "  the newest:" : `  the newest ${shown}:`);
  for (const line of lines) console.log(`  ${line}`);
  if (waiting === 0) return;
  console.log(
    consumer.inputTopics.length > 0
      ? `To put back what waits, for ${name} alone: npx bramble deadletters ${name} --replay`
      : "They are lines of a followed file. To have them processed, append the corrected lines to it.",
  );
}

async function replay(cluster: ReplayCluster, consumer: Consumer, pipeline: Pipeline, yes: boolean): Promise<void> {
  const { name, inputTopics } = consumer;
  if (inputTopics.length === 0) throw new Error(nowhereToPut(pipeline, name));
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
  }
  await agreed(`Put ${deadLetters(waiting)} back into ${inputTopics.join(", ")}, for ${name} alone?`, yes, {
    otherwise: "Nothing was put back.",
  });
  const { records, left } = await putBack(cluster, consumer);
  if (records > 0) console.log(`${name}: ${deadLetters(records)} put back, for ${name} alone.`);
  if (left.length === 0) return;
  const waits = left.length === 1 ? "goes on waiting" : "go on waiting";
  throw new Error([`${name}: ${deadLetters(left.length)} ${waits}`, ...leftLines(left)].join("\n"));
}

/** Why nothing of a service that reads a file can be put back, and what to do. */
function nowhereToPut({ services }: Pipeline, name: string): string {
  const { input, on = [] } = services.find((each) => each.name === name) ?? {};
  const file = input?.kind === "follow" ? `${input.path} on ${on.join(", ")}` : "a file";
  return [
    `the dead letters of ${name} are lines of ${file}, which bramble only reads: they cannot be put back`,
    `Nothing was changed. To have them processed, append the corrected lines to the file; \`npx bramble deadletters ${name} --json\` prints them.`,
  ].join("\n");
}
