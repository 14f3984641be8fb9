import { describe, expect, test } from "@jest/globals";
import { execute } from "../../../provisioning/resources/execute.ts";
import type { Command } from "../../../provisioning/ssh/command.ts";
import { strictHost, target } from "../strict-host.ts";

const stop: Command = { does: "stop it", argv: ["stop"] };
const start: Command = { does: "start it", argv: ["start", "--now"] };
const bringBack: Command["undo"] = {
  commands: [
    { does: "put it back", argv: ["put"] },
    { does: "start the old one", argv: ["start", "--old"] },
  ],
  done: "The old one is back.",
};

test("commands run one after another, each shown before it begins", async () => {
  const { session, log } = strictHost({ stop: {}, "start --now": {} });
  await execute(session, target, [stop, start]);
  expect(log).toEqual(["show stop it", "run stop", "show start it", "run start --now"]);
});

test("nothing to do opens no connection", async () => {
  const { session } = strictHost({});
  const unreachable = { ...session, host: () => Promise.reject(new Error("no route to host")) };
  await execute(unreachable, target, []);
});

test("one that takes a member of a group down waits for its turn", async () => {
  const { session, log } = strictHost({ stop: {}, "start --now": {} });
  await execute(session, target, [stop, { ...start, turn: "kafka" }]);
  expect(log.slice(2)).toEqual(["show start it", "rpi0 may leave kafka", "run start --now", "rpi0 is back in kafka"]);
});

describe("a failure", () => {
  const failed = { exitCode: 3, stdout: "out", stderr: "no such unit\n" };
  const hostError = (commands: Command[], answers: Parameters<typeof strictHost>[0]) =>
    execute(strictHost(answers).session, target, commands).then(
      () => "done",
      (error: Error) => error.message,
    );

  test("ends it, and says what could not be done and why", async () => {
    const { session, log } = strictHost({ stop: failed });
    await expect(execute(session, target, [stop, start])).rejects.toThrow(
      "rpi0 (10.42.0.250): could not stop it (exit code 3): no such unit. " +
        "Fix that, then run `pulumi up` again; it continues where it stopped.",
    );
    expect(log).toEqual(["show stop it", "run stop"]);
  });

  test("takes what the command printed where it complained of nothing", async () => {
    expect(await hostError([stop], { stop: { exitCode: 1, stdout: "out\n" } })).toContain("(exit code 1): out. Fix");
    expect(await hostError([stop], { stop: { exitCode: 1 } })).toContain("(exit code 1): no output. Fix");
  });

  test("of the connection is passed on as it is", async () => {
    expect(await hostError([stop], { stop: new Error("rpi0: the cable") })).toBe("rpi0: the cable");
  });

  const evidence: Command["evidence"] = ["journal"];

  test("brings evidence, looked at before anything is undone", async () => {
    const { session, log } = strictHost({
      stop: failed,
      journal: { stdout: "it crashed\n" },
      put: {},
      "start --old": {},
    });
    await expect(execute(session, target, [{ ...stop, evidence, undo: bringBack }])).rejects.toThrow(
      "(exit code 3): no such unit\nit crashed\nThe old one is back. Fix",
    );
    expect(log).toEqual(["show stop it", "run stop", "observe journal", "run put", "run start --old"]);
  });

  test("stands without evidence that cannot be had", async () => {
    expect(await hostError([{ ...stop, evidence }], { stop: failed, journal: new Error("the cable") })).toContain(
      "(exit code 3): no such unit. Fix",
    );
  });

  test.each([
    ["fails", { exitCode: 1, stderr: "it crashed too\n" }],
    ["is cut off", new Error("it crashed too")],
  ])("says so when bringing back what ran before %s", async (_, result) => {
    const answers = { stop: failed, put: {}, "start --old": result };
    expect(await hostError([{ ...stop, undo: bringBack }], answers)).toContain(
      "The change could NOT be undone (start the old one: it crashed too). Fix",
    );
  });

  test("for want of room says how to make some, and undoes as any other", async () => {
    const full = { exitCode: 1, stderr: "cat: write error: No space left on device\n" };
    const { session, log } = strictHost({ stop: full, put: {}, "start --old": {} });
    await expect(execute(session, target, [{ ...stop, undo: bringBack }])).rejects.toThrow(
      "rpi0 (10.42.0.250): could not stop it: no space left on the disk. The old one is back. " +
        "Free some space (`df -h`, `sudo journalctl --vacuum-size=50M`), then run `pulumi up` again.",
    );
    expect(log).toContain("run start --old");
  });
});
