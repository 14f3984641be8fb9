import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect } from "@jest/globals";
import { haveDeployed } from "./support/deployed.ts";
import { eventually } from "./support/eventually.ts";
import { committedValues } from "./support/kafka.ts";
import { writeOperator, writePipeline } from "./support/pipeline-files.ts";
import { onHost } from "./support/programs.ts";
import { mustUp, preview, up, workspace } from "./support/stack.ts";
import { story } from "./support/story.ts";
import { restarted, unitStates } from "./support/units.ts";

/** More than pass while the tests run, so that records flow all the time. */
const values = Array.from({ length: 5000 }, (_, i) => String(i + 1));
const pipeline = `
cluster:
  hosts: { rpi0: 10.42.0.250, rpi1: 10.42.0.251, rpi2: 10.42.0.252, rpi3: 10.42.0.253 }
services:
  pro: { on: rpi0, source: { file: ../data/counted.txt, every: 100ms }, to: counted }
  con: { on: rpi2, from: counted, apply: [passing], to: passed_on }
`;

/** Behaves where it is validated; on a host it does what is broken, once and then with each value. */
const operator = (atStart: string, withEachValue = "") => `
  import { map, number } from "bramble/operator";
  const onHost = process.env.NOTIFY_SOCKET !== undefined;
  ${atStart}
  export const passing = map({
    value: number(),
    step: (_, x) => {
      ${withEachValue}
      return x;
    },
  });`;

const brokenOnes = [
  {
    how: "crashes at its start",
    source: operator("if (onHost) process.exit(3);"),
    found: "Main process exited, code=exited, status=3",
  },
  {
    how: "starts and never gets ready",
    source: operator("if (onHost) await new Promise(() => setInterval(() => {}, 1000));"),
    found: "not ready within 18 s",
  },
  {
    how: "gets ready and then stops consuming",
    source: operator("", "while (onHost);"),
    found: "ready, but makes no progress",
  },
];

beforeAll(async () => {
  await haveDeployed(() => {
    writeOperator("passing", operator(""));
    const file = writePipeline("counting", pipeline);
    writeFileSync(join(workspace, "data/counted.txt"), `${values.join("\n")}\n`);
    return file;
  });
  await recordsFlow();
});

describe("a release that", () => {
  for (const { how, source, found } of brokenOnes) {
    story(`${how} makes room for the one before within half a minute, and up fails and says why`, async () => {
      const before = await unitStates();
      const began = await now();
      writeOperator("passing", source);
      const { code, errors } = await up();
      expect(code).not.toBe(0);
      expect(errors.join("\n")).toContain(`rpi2 (10.42.0.252): could not restart bramble-con.service`);
      expect(errors.join("\n")).toContain(found);
      expect(errors.join("\n")).toContain("The previous version was restored and is running.");

      expect(await silence(began)).toBeLessThan(30);
      expect(restarted(before, await unitStates())).toEqual(["rpi2/bramble-con.service"]);
      await recordsFlow();
      const { changes } = await preview();
      expect(Object.keys(changes)).toContain("con-unit");
    });
  }
});

story("the first sound release is taken, and not one record was lost or doubled in all of it", async () => {
  writeOperator("passing", operator("// mended"));
  await mustUp();
  await recordsFlow();
  const passedOn = await committedValues("passed_on");
  expect(passedOn).toEqual(values.slice(0, passedOn.length));
});

/** Ten more than there were. */
async function recordsFlow(): Promise<void> {
  const { length } = await committedValues("passed_on");
  await eventually("ten more records are through", 30_000, async () =>
    expect((await committedValues("passed_on")).length).toBeGreaterThan(length + 10),
  );
}

async function now(): Promise<string> {
  return onHost("rpi2", "date +%s.%N");
}

/** Seconds from the first stop of the service to its last start, as systemd wrote them down. */
async function silence(since: string): Promise<number> {
  const line = `sudo journalctl --unit=bramble-con.service --since=@${since} --output=short-unix --quiet |
    grep -E 'systemd\\[1\\]: (Stopping|Started) ' | awk 'NR == 1 { first = $1 } END { print $1 - first }'`;
  return Number(await onHost("rpi2", line));
}
