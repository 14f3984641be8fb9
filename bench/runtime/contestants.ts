import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, mkdtempSync, openSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PROCESSING_GUARANTEES, type ProcessingGuarantee } from "../../operators/processing-guarantee.ts";
import { serviceCommand } from "../../provisioning/service-command.ts";
import { bundleService } from "../../runtime/bundle.ts";
import type { ServiceSpec } from "../../runtime/service-spec.ts";
import { cacheFolder } from "../../setup/cache.ts";

export const GUARANTEES = PROCESSING_GUARANTEES;
export type Guarantee = ProcessingGuarantee;

/** One service to be run: a chain of one operator between two topics. */
export interface Job {
  readonly name: string;
  readonly operator:
    | "celsius-to-fahrenheit"
    | "celsius-to-fahrenheit(celsius)"
    | "threshold"
    | "ewma"
    | "moving-average";
  readonly input: string;
  readonly output: string;
}

export interface Setting {
  readonly bootstrapServer: string;
  readonly guarantee: Guarantee;
  /** For what commits at intervals; its default when it is left out. */
  readonly commitIntervalMs?: number;
}

export const CONTESTANTS = ["bramble", "kafkaStreams", "kafkaPython", "confluentPython"] as const;
export type Contestant = (typeof CONTESTANTS)[number];

const PARAMS: Partial<Record<Job["operator"], Record<string, unknown>>> = {
  threshold: { above: 50 },
  ewma: { alpha: 0.5 },
  "moving-average": { over: 3 },
};

const room = import.meta.dirname;
const projectRoot = join(room, "../..");
const tools = join(cacheFolder(), "bench-tools");

/** Starts the job as that contestant does it: one process, which is killed when this one ends. */
export async function start(contestant: Contestant, job: Job, setting: Setting): Promise<ChildProcess> {
  const folder = mkdtempSync(join(tmpdir(), `bramble-bench-${job.name}-`));
  const [command, ...args] = await argvOf(contestant, job, setting, folder);
  const { NODE_OPTIONS: _, ...env } = process.env;
  const said = openSync(join(folder, "said"), "w");
  const child = spawn(command as string, args, { stdio: ["ignore", said, said], env });
  closeSync(said);
  return endedWithThis(child);
}

/** The child, which is killed when this process ends. */
export function endedWithThis<Child extends ChildProcess>(child: Child): Child {
  const kill = () => child.kill("SIGKILL");
  process.once("exit", kill);
  child.once("exit", () => process.off("exit", kill));
  return child;
}

async function argvOf(contestant: Contestant, job: Job, setting: Setting, folder: string): Promise<string[]> {
  const { bootstrapServer, guarantee, commitIntervalMs } = setting;
  const args = [bootstrapServer, guarantee, job.name, job.operator, job.input, job.output];
  switch (contestant) {
    case "bramble": {
      const operator = job.operator.replace("(celsius)", "");
      const operatorModules = { [operator]: join(projectRoot, "operators", `${operator}.ts`) };
      const { code } = await bundleService({ spec: specOf(job, setting), operatorModules, projectRoot });
      writeFileSync(join(folder, "service.mjs"), code);
      return serviceCommand(process.execPath, folder);
    }
    case "kafkaStreams": {
      const classPath = `${join(tools, "streams/libs")}/*:${join(tools, "streams/classes")}`;
      const interval = commitIntervalMs === undefined ? [] : [String(commitIntervalMs)];
      return ["java", "-cp", classPath, "StreamsService", ...args, join(folder, "state"), ...interval];
    }
    case "kafkaPython":
      return [python, join(room, "clients/kafka_python.py"), ...args];
    case "confluentPython":
      return [python, join(room, "clients/confluent.py"), ...args];
  }
}

export const python = join(tools, "venv/bin/python");

function specOf({ name, operator, input, output }: Job, { bootstrapServer, guarantee }: Setting): ServiceSpec {
  const [base = "", field] = operator.split(/[()]/);
  const format = field === undefined ? {} : ({ format: "json" } as const);
  return {
    name,
    groupId: name,
    bootstrapServers: [bootstrapServer],
    input: { kind: "topic", topic: input, ...format },
    apply: [{ operator: base, params: PARAMS[operator] ?? {}, ...(field !== undefined && { field }) }],
    output: { kind: "topic", topic: output, ...format },
    processingGuarantee: guarantee,
    deadLetterTopic: `${name}-dead-letters`,
    ...(isStateful(operator) && { changelogTopic: `${name}-changelog` }),
  };
}

export function isStateful(operator: Job["operator"]): boolean {
  return operator === "ewma" || operator === "moving-average";
}
