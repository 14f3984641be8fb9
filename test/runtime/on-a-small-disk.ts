// Started with the folder of a disk of 256 KB, as full-disk.process.test.ts has it.
import { execFileSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { StateStores } from "../../runtime/state-stores.ts";
import { FakeChangelog } from "./fake-changelog.ts";
import { StatefulTask } from "./stateful-task.ts";

const [, , folder = ""] = process.argv;
const KEYS = 100;
const changelog = new FakeChangelog();
const said: string[] = [];
const failures: number[] = [];

async function live(transactions: number): Promise<number> {
  const task = new StatefulTask(new StateStores(folder, (text) => said.push(text.replace(folder, ""))), changelog);
  for (let i = 0; i < transactions; i++) await task.add(`${"key ".repeat(50)}${i}`);
  let sums = 0;
  for (let i = 0; i < KEYS; i++) sums += Number((await task.sumOf(`${"key ".repeat(50)}${i}`)) ?? 0);
  failures.push(task.failures);
  task.close();
  return sums;
}

const other = join(folder, "of-another-program");
writeFileSync(other, Buffer.alloc(150_000));
const sums = await live(KEYS);
rmSync(other);
changelog.read = 0;
const diskSums = await live(0);
const readAgain = changelog.read > 0 && changelog.read < KEYS;
execFileSync("mount", ["-o", "remount,ro", folder]);
await live(0);
console.log(JSON.stringify({ said, failures, keys: KEYS, sums, diskSums, readAgain }));
