import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
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
export async function ensureBaseImage(report: Report): Promise<string> {
  const image = baseImageFolder();
  if (existsSync(image)) return image;
  const beside = join(image, "..", `.building-${process.pid}`);
  mkdirSync(join(image, ".."), { recursive: true });
  report("building the hosts' root file system (about a minute, once)");
  const started = performance.now();
  try {
    await build(beside, (step) => report(`  ${seconds(started)}  ${step}`));
    // Another lab may have built the same image meanwhile; either copy will do.
    if (!existsSync(image)) renameSync(beside, image);
  } finally {
    rmSync(beside, { recursive: true, force: true });
  }
  report(`built ${image} in ${seconds(started)}`);
  return image;
}

function build(target: string, progress: (step: string) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    // Debian gives the system's own tools to root's PATH alone, and sudo may have kept the user's.
    const env = { ...process.env, PATH: `${process.env.PATH}:/usr/local/sbin:/usr/sbin:/sbin` };
    const child = spawn(recipe, [target], { env, stdio: ["ignore", "pipe", "pipe"] });
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
      reject(new LabError(`the hosts' root file system could not be built (exit code ${code}):\n${tail}`));
    });
  });
}
