import { relative } from "node:path";
import { Command } from "commander";
import type { Pipeline } from "../declaration/pipeline.ts";
import { openLab } from "../lab/lab.ts";
import { knownHostsFile } from "../provisioning/ssh/known-hosts.ts";
import { askHosts } from "../status/ask-hosts.ts";
import { askKafka } from "../status/ask-kafka.ts";
import type { Answers, Journal, Problem } from "../status/problem.ts";
import { isNothingDeployed, problemsOf } from "../status/problems.ts";
import { cutToTerminal } from "./columns.ts";
import { pipelineOf, withPipelineOption } from "./pipeline-option.ts";
import { stackLogin } from "./stack-login.ts";
import { statusJson } from "./status-json.ts";
import { conclusion, hostTable, lagTable, unitTable } from "./status-text.ts";

interface Options {
  readonly json?: boolean;
  readonly pipeline?: string;
}

export function statusCommand(): Command {
  const command = new Command("status")
    .description(
      "show the state of hosts, daemons and services, and how far each service has read; exit code 0: all is well, 1: not",
    )
    .option("--json", "print everything as JSON");
  return withPipelineOption(command).action(status);
}

async function status({ json, ...options }: Options): Promise<void> {
  const pipeline = await pipelineOf(options);
  const login = stackLogin();
  const [hosts, kafka] = await Promise.all([askHosts(pipeline, login), askKafka(pipeline)]);
  const answers = { hosts, kafka };
  const isNothing = isNothingDeployed(pipeline, answers);
  const problems = isNothing ? [nothing(pipeline)] : problemsOf(pipeline, answers, journalCommand(pipeline, login));
  if (json) console.log(statusJson(pipeline, answers, problems));
  else if (isNothing) console.log(problems.map(({ what, next }) => `${what} ${next}`).join("\n"));
  else print(pipeline, answers, problems);
  // A silent broker still keeps a client busy; do not wait for that client.
  process.exit(problems.length === 0 ? 0 : 1);
}

function nothing({ name, cluster }: Pipeline): Problem {
  const hosts = cluster.hosts.map((host) => host.name).join(", ");
  const what = `${name} is not deployed: nothing of it is on ${hosts}.`;
  return { code: "nothing-deployed", what, next: "`pulumi up` deploys it." };
}

function print(pipeline: Pipeline, answers: Answers, problems: readonly Problem[]): void {
  const { hosts, kafka } = answers;
  const isAnyThere = [...hosts.values()].some(({ kind }) => kind === "units");
  const known = isAnyThere || kafka.cluster !== undefined;
  const tables = [
    hostTable(pipeline, hosts),
    ...(known ? [unitTable(pipeline, hosts), lagTable(pipeline, kafka)] : []),
  ];
  console.log(`${pipeline.name} (${fromHere(pipeline.file)})\n`);
  for (const table of tables) console.log(`${cutToTerminal(table)}\n`);
  for (const line of conclusion(pipeline, kafka, problems)) console.log(line);
  if (!isAnyThere && !isInLab())
    console.log("To reach the lab's hosts, put `npx bramble lab exec --` before the command.");
}

function isInLab(): boolean {
  return knownHostsFile() === openLab().knownHosts;
}

/** As it is typed where this command was. */
function journalCommand({ cluster }: Pipeline, { user, port }: { user: string; port: number }): Journal {
  return (host, unit) => {
    const address = cluster.hosts.find(({ name }) => name === host)?.address ?? host;
    const options = `-o UserKnownHostsFile=${fromHere(knownHostsFile())}${port === 22 ? "" : ` -p ${port}`}`;
    const login = isInLab() ? `npx bramble lab ssh ${host} --` : `ssh ${options} ${user}@${address}`;
    return `${login} sudo journalctl -n 30 -u ${unit.replace(/\.service$/, "")}`;
  };
}

/** As it would be typed here. */
function fromHere(path: string): string {
  const way = relative(process.cwd(), path);
  return way.startsWith("..") ? path : way;
}
