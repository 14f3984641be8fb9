import { expect, test } from "@jest/globals";
import { isActive, readUnits, unitQuestions } from "../../status/unit-state.ts";

const rpi1 = { host: "rpi1", address: "10.42.0.251" };
const ok = (stdout: string) => ({ exitCode: 0, stdout, stderr: "" });

/** As systemd 252 prints it. */
const shown = `NRestarts=0
Id=kafka.service
LoadState=loaded
ActiveState=active
SubState=running
StateChangeTimestampMonotonic=1000000000

NRestarts=12
StatusText=in/0: not ready yet: acks=1
Id=bramble-con1.service
LoadState=loaded
ActiveState=activating
SubState=auto-restart
StateChangeTimestampMonotonic=1059400000

NRestarts=1
StatusText=consuming in, partition 0
Id=bramble-con2.service
LoadState=loaded
ActiveState=failed
SubState=failed
StateChangeTimestampMonotonic=1060500000

NRestarts=0
Id=bramble-con3@2.service
LoadState=not-found
ActiveState=inactive
SubState=dead
StateChangeTimestampMonotonic=0

NRestarts=0
Id=kafka.service
LoadState=loaded
ActiveState=active
SubState=running
StateChangeTimestampMonotonic=1000000000
`;

test("units are told once each, with how long they have been so, and what they say while they run", () => {
  const units = readUnits(rpi1, [ok("1060.20 4000.00\n"), ok(shown)]);
  expect(units).toEqual([
    { unit: "kafka.service", load: "loaded", active: "active", sub: "running", forSeconds: 60, restarts: 0, says: "" },
    {
      ...{ unit: "bramble-con1.service", load: "loaded", active: "activating", sub: "auto-restart" },
      ...{ forSeconds: 1, restarts: 12, says: "in/0: not ready yet: acks=1" },
    },
    {
      ...{ unit: "bramble-con2.service", load: "loaded", active: "failed", sub: "failed" },
      ...{ forSeconds: 0, restarts: 1, says: "" },
    },
    {
      ...{ unit: "bramble-con3@2.service", load: "not-found", active: "inactive", sub: "dead" },
      ...{ forSeconds: undefined, restarts: 0, says: "" },
    },
  ]);
  expect(isActive({ kind: "units", units }, "kafka.service")).toBe(true);
  expect(isActive({ kind: "units", units }, "bramble-con1.service")).toBe(false);
  expect(isActive({ kind: "problem", code: "host-unreachable", problem: "no answer" }, "kafka.service")).toBe(false);
});

test("a host is asked for all of them at once, and for what else there is of bramble's", () => {
  expect(unitQuestions(["kafka.service"])[1].slice(-3)).toEqual(["--", "kafka.service", "bramble-*.service"]);
});

test("what systemctl cannot tell is no answer", () => {
  const failed = { exitCode: 1, stdout: "", stderr: "Failed to connect to bus\n" };
  expect(() => readUnits(rpi1, [ok("1060.20 4000.00\n"), failed])).toThrow(
    "rpi1 (10.42.0.251): systemctl cannot show the state of its units (Failed to connect to bus). Try",
  );
});
