import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "@jest/globals";
import { down } from "../../../lab/down.ts";
import { restoreDisks, saveDisks } from "../../../lab/saved-disks.ts";
import { eventually } from "./eventually.ts";
import { metadata } from "./kafka.ts";
import { knownValuesArrive } from "./known-values.ts";
import { chaining, edited, fast, writePipeline } from "./pipeline-files.ts";
import { onHosts } from "./programs.ts";
import { configure, mustUp, newStack, trust, workspace } from "./stack.ts";
import { unitStates, unitsOf } from "./units.ts";
import { boot, flashAll, hosts, isOfThisRun, lab } from "./virtual-pis.ts";

/** Bare Pis, trusted, with an empty stack that wants this pipeline. */
export async function bareWith(pipeline: string): Promise<void> {
  await flashAll();
  await newStack();
  configure({ pipeline });
  await trust();
}

/** What an earlier file of this run left, or {@link restoreDeployed}, made to be this pipeline. */
export async function haveDeployed(pipeline: () => string): Promise<void> {
  if (isOfThisRun()) await boot();
  else await restoreDeployed();
  configure({ pipeline: pipeline() });
  await mustUp();
}

/** Where the disks and the workspace are kept, with the process that made them and the steps that it took. */
const saved = join(lab.folder, "saved");
const savedWorkspace = join(saved, "workspace");
const record = join(saved, "deployed.json");

/**
 * kafka_chaining in its quick form on Pis that were bare, with all that it computes computed. It is deployed once in a
 * run; from then on the disks are put back, and the daemons come up by themselves. Gives the number of steps that the
 * deployment took.
 */
export async function restoreDeployed(): Promise<number> {
  const known = readRecord();
  const { steps } = known?.pid === process.pid ? known : await deployAndSave();
  await down(lab);
  restoreDisks(lab, saved);
  rmSync(workspace, { recursive: true, force: true });
  cpSync(savedWorkspace, workspace, { recursive: true });
  await boot();
  await eventually("all that was deployed is at work", 90_000, async () => {
    const states = await unitStates();
    expect(Object.keys(states).sort()).toEqual(unitsOf(chaining, hosts));
    expect(Object.entries(states).filter(([, { active }]) => active !== "active")).toEqual([]);
    const { brokers, topics } = await metadata();
    expect(brokers).toHaveLength(hosts.length);
    const lagging = topics.flatMap(({ partitions }) => partitions.filter((p) => p.isrs.length < p.replicas.length));
    expect(lagging).toEqual([]);
  });
  return steps;
}

interface Deployed {
  readonly pid: number;
  readonly steps: number;
}

function readRecord(): Deployed | undefined {
  return existsSync(record) ? JSON.parse(readFileSync(record, "utf8")) : undefined;
}

async function deployAndSave(): Promise<Deployed> {
  await bareWith("pipelines/kafka_chaining.yaml");
  configure({ pipeline: writePipeline("kafka_chaining", edited("kafka_chaining", fast)) });
  const { counts } = await mustUp();
  await knownValuesArrive();
  // In order, so that nothing has to be repaired each time that the disks are put back.
  for (const units of ["'bramble-*'", "kafka", "zookeeper"]) await onHosts(`sudo systemctl stop ${units}`);
  await down(lab);
  saveDisks(lab, saved);
  cpSync(workspace, savedWorkspace, { recursive: true });
  const deployed = { pid: process.pid, steps: Object.values(counts).reduce((sum, count) => sum + count, 0) };
  writeFileSync(record, JSON.stringify(deployed));
  return deployed;
}
