import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { createInterface } from "node:readline";
import { cacheFolder } from "../setup/cache.ts";
import { LabError } from "./lab-error.ts";
import type { Report } from "./report.ts";
import { seconds } from "./report.ts";

const recipe = join(import.meta.dirname, "base-image.sh");

/** Folder of the root file system that every host of every lab starts from, named after its recipe. */
export function baseImageFolder(): string {
  const hash = createHash("sha256").update(readFileSync(recipe)).digest("hex").slice(0, 12);
  return join(cacheFolder(), "lab", `base-${hash}`);
}

/** Builds the image unless it is there; takes about a minute. */
export function ensureBaseImage(report: Report): Promise<string> {
  return ensureBuilt(baseImageFolder(), recipe, [], "the hosts' root file system (about a minute, once)", report);
}

/**
 * Folders to lie over a base image: for each Kafka that set-up has brought, its classes as Java loads them, once for all
 * starts. A start without them takes twice the work.
 */
export async function ensureKafkaClasses(base: string, report: Report): Promise<string[]> {
  const archives = join(cacheFolder(), "kafka");
  const layers: string[] = [];
  for (const name of existsSync(archives) ? readdirSync(archives).sort() : []) {
    const [, version] = /^kafka_2\.13-(.+)\.tgz$/.exec(name) ?? [];
    if (version === undefined) continue;
    const what = `the class data that lets Kafka ${version} start quickly (half a minute, once)`;
    const program = join(import.meta.dirname, "kafka-classes.sh");
    layers.push(await ensureBuilt(`${base}-kafka-${version}`, program, [base, join(archives, name)], what, report));
  }
  return layers;
}

/** A folder that a program builds, given its other arguments and then the folder; whole, or not there at all. */
async function ensureBuilt(folder: string, program: string, args: string[], what: string, report: Report) {
  if (existsSync(folder)) return folder;
  const beside = join(folder, "..", `.building-${process.pid}`);
  mkdirSync(join(folder, ".."), { recursive: true });
  report(`building ${what}`);
  const started = performance.now();
  try {
    await build([program, ...args, beside], (step) => report(`  ${seconds(started)}  ${step}`));
    // Another lab may have built the same meanwhile; either copy will do.
    if (!existsSync(folder)) renameSync(beside, folder);
  } finally {
    rmSync(beside, { recursive: true, force: true });
  }
  report(`built ${folder} in ${seconds(started)}`);
  return folder;
}

function build([program = "", ...args]: string[], progress: (step: string) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    // Debian gives the system's own tools to root's PATH alone, and sudo may have kept the user's.
    const env = { ...process.env, PATH: `${process.env.PATH}:/usr/local/sbin:/usr/sbin:/sbin` };
    const child = spawn(program, args, { env, stdio: ["ignore", "pipe", "pipe"] });
    const lines: string[] = [];
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on("line", (line) => {
        lines.push(line);
        if (line.startsWith("I: ")) progress(line.slice(3));
      });
    }
    child.on("error", reject);
    child.on("close", (code) => {
      if (code === 0) return resolve();
      const tail = lines.slice(-15).join("\n");
      reject(new LabError(`${basename(program)} failed (exit code ${code}):\n${tail}`));
    });
  });
}
