import { execFileSync } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "@jest/globals";

/** Has a small disk of its own at a folder, which nobody else sees. */
function onSmallDisk(program: string): unknown {
  const folder = mkdtempSync(join(tmpdir(), "bramble-disk-"));
  const script = `mount -t tmpfs -o size=256k tmpfs ${folder} && exec ${process.execPath} --no-warnings ${program} ${folder}`;
  const printed = execFileSync("unshare", ["--map-root-user", "--mount", "sh", "-c", script], { encoding: "utf8" });
  return JSON.parse(printed);
}

test("a disk that fills up, and then one that cannot be written at all, costs no state and one warning", () => {
  const { said, keys, sums, diskSums, ...rest } = onSmallDisk("test/runtime/on-a-small-disk.ts") as {
    readonly said: readonly string[];
    readonly keys: number;
  } & Record<string, unknown>;
  const next =
    "going on with the state in memory, from the changelog; free space on the disk or repair it, then restart the service";
  expect({ said, ...rest }).toEqual({
    said: [`/0.sqlite: database or disk is full; ${next}`, `/0.sqlite: disk I/O error; ${next}`],
    failures: [1, 0, 0],
    readAgain: true,
  });
  expect([sums, diskSums]).toEqual([keys, keys]);
});
