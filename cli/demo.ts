import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { Command } from "commander";
import { loadPipeline } from "../declaration/load-pipeline.ts";
import { runOffline } from "../declaration/offline.ts";
import { journalCommand, topicCommand, watch } from "../lab/demo/arrivals.ts";
import { knownAnswer } from "../lab/demo/known-answer.ts";
import { changedTopics } from "./changed-topics.ts";
import { stackConfig } from "./stack-config.ts";

const project = join(import.meta.dirname, "..");
const bramble = join(import.meta.dirname, "bramble");
const file = "pipelines/kafka_chaining.yaml";

export function demoCommand(): Command {
  return new Command("demo")
    .description("boot the lab, deploy kafka_chaining with `pulumi up`, and compare what arrives with the known answer")
    .action(demo);
}

async function demo(): Promise<void> {
  const { pipeline = file } = stackConfig().plain;
  if (pipeline !== file) {
    throw new Error(
      `the demo knows the answer of ${file} only, but stack rpi has the pipeline ${pipeline}. ` +
        `Set it with \`npx bramble lab exec -- pulumi config set bramble:pipeline ${file} --stack rpi\``,
    );
  }
  const others = changedTopics(await runOffline(await loadPipeline(join(project, file))));
  if (others.length > 0) {
    throw new Error(
      `${file} was edited, so ${others.join(", ")} will not have the known answer. Restore it with ` +
        `\`git checkout ${file}\`; if you deployed the edited file, also run \`npx bramble lab exec -- pulumi destroy\`. ` +
        "To deploy the edited file instead: `npx bramble lab up`, then `npx bramble lab exec -- pulumi up`",
    );
  }
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, onInterrupt);
  const began = Date.now();
  await step("Four virtual Pis", ["lab", "up"]);
  await step("Their host keys", ["lab", "exec", "--", bramble, "trust", "--yes"]);
  await step("The stack", ["lab", "exec", "--", "pulumi", "stack", "select", "--create", "rpi"]);
  const deployment = await step("Deployment", pulumi("up", "--yes", "--skip-preview"));
  const { first, changed } = lastUpdate();

  title(`What arrives${first ? " (out_ewma and out_avg: from their journals)" : " (read again from the topics)"}`);
  const streams = await Promise.all(
    knownAnswer.map(async (stream) => {
      const { printer, topic } = stream;
      const [name, command] =
        first && printer !== undefined
          ? [printer.service, journalCommand(bramble, printer, began)]
          : [topic, topicCommand(bramble, topic)];
      const watched = await watch(command, stream, ({ value, wanted }, count) => {
        const verdict = value === wanted ? "correct" : `WRONG: expected ${wanted}`;
        const progress = `${count}/${stream.values.length}`;
        console.log(`  ${name.padEnd(28)} ${progress.padStart(5)}  ${value.padEnd(20)} ${verdict}`);
      });
      return { name, stream, ...watched };
    }),
  );
  if (changed) title("`pulumi up` again, with nothing to change");
  const noChange = changed ? await timed(pulumi("up", "--yes", "--skip-preview"), "ignore") : deployment;

  title("Summary");
  if (changed) console.log(`  ${first ? "First deployment" : "Deployment"}: ${deployment.toFixed(1)} s`);
  console.log(`  \`pulumi up\` with a refresh and nothing to change: ${noChange.toFixed(1)} s`);
  const failed = streams.flatMap(({ name, stream, arrivals, complaint }) => {
    const right = arrivals.filter(({ value, wanted }) => value === wanted).length;
    const enough = right === stream.values.length;
    console.log(`  ${name}: ${right} of ${stream.values.length} values correct`);
    if (!enough && complaint !== "") console.log(`    the program that read it said: ${complaint}`);
    return enough ? [] : [{ name, ...stream.writer }];
  });
  if (failed.length > 0) {
    console.log(`FAIL: ${failed.map(({ name }) => name).join(", ")}`);
    console.log("Read the logs of their services:");
    for (const { service, host } of failed) {
      console.log(`  npx bramble lab ssh ${host} -- sudo journalctl -u bramble-${service}`);
    }
    process.exit(1);
  }
  console.log("PASS\n");
  console.log("The lab stays up. Try next:");
  console.log("  npx bramble lab shell   then: npx bramble status, pulumi preview --diff, pulumi up, exit");
  console.log("  edit pipelines/kafka_chaining.yaml (`above: 50` to 55), then preview again");
  console.log("  make down               takes the lab down");
}

function pulumi(...args: string[]): string[] {
  return ["lab", "exec", "--", "pulumi", ...args, "--stack", "rpi"];
}

/** Runs a bramble command in the project folder and shows its output. Gives the seconds it took; a failure ends the demo. */
function step(name: string, args: string[]): Promise<number> {
  title(`${name}: bramble ${args.map((arg) => (arg === bramble ? "bramble" : arg)).join(" ")}`);
  return timed(args, "inherit");
}

async function timed(args: string[], stdio: "inherit" | "ignore"): Promise<number> {
  const started = performance.now();
  stepRuns = true;
  const [status] = await once(spawn(bramble, args, { cwd: project, stdio }), "close");
  stepRuns = false;
  const seconds = (performance.now() - started) / 1000;
  if (interrupted) giveUp();
  if (status !== 0) {
    console.log(`FAIL: bramble ${args.join(" ")}: exit code ${status} after ${seconds.toFixed(1)} s`);
    process.exit(1);
  }
  if (stdio === "inherit") console.log(`  (${seconds.toFixed(1)} s)`);
  return seconds;
}

let stepRuns = false;
let interrupted = false;

/** The terminal interrupts a running step too. The step ends in its own time, because Pulumi must record what it did. */
function onInterrupt(): void {
  interrupted = true;
  if (!stepRuns) giveUp();
}

function giveUp(): never {
  console.log("\nInterrupted. `make demo` continues from here; `make down` takes the lab down.");
  process.exit(130);
}

/** What the deployment just made did, as Pulumi recorded it. */
function lastUpdate(): { first: boolean; changed: boolean } {
  const history = pulumi("stack", "history", "--json", "--page-size", "1", "--page", "1");
  const { stdout } = spawnSync(bramble, history, { cwd: project, encoding: "utf8" });
  const [latest] = JSON.parse(stdout) as { resourceChanges?: Record<string, number> }[];
  const { same = 0, ...changes } = latest?.resourceChanges ?? {};
  return { first: same === 0, changed: Object.keys(changes).length > 0 };
}

function title(text: string): void {
  console.log(`\n== ${text}`);
}
