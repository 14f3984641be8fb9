import { createHash } from "node:crypto";
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, jest, test } from "@jest/globals";
import { diff } from "../../../provisioning/provider/diff.ts";
import { writeText } from "../../../provisioning/resources/file.ts";
import { type UnitArgs, unit } from "../../../provisioning/resources/unit.ts";
import type { Result } from "../../../provisioning/ssh/command.ts";
import { listen } from "../loopback-host.ts";
import { owner, type ThisMachine, target, thisMachine } from "../this-machine.ts";

jest.setTimeout(60_000);

const config = "/opt/kafka/config/server.properties";
const want: UnitArgs = {
  ...target,
  name: "kafka.service",
  content: "[Service]\nExecStart=/opt/kafka/bin/kafka-server-start.sh\n",
  reads: { [config]: "a".repeat(64) },
  dropIns: [],
  enabled: "enabled",
  active: "active",
  running: "current",
  readyPort: 9092,
  rolls: "kafka",
};
const service: UnitArgs = {
  ...{ ...want, service: "con1", replica: 1, name: "bramble-con1.service" },
  ...{ reads: {}, readyPort: 0, rolls: "freely" },
};
const path = "/etc/systemd/system/kafka.service";
const write = "write /etc/systemd/system/kafka.service";

describe("plan", () => {
  test("one of a stack that recorded no service is made to record it, and is not restarted", () => {
    const { service: _, replica: __, ...recorded } = service;
    expect(diff(unit, recorded, { ...service }, recorded)).toEqual([
      { path: "replica", kind: "add", replace: false },
      { path: "service", kind: "add", replace: false },
    ]);
    expect(unit.definition.plan(service, recorded, true)).toEqual([]);
  });

  const [reload, enable, restart] = ["daemon-reload", "enable kafka.service", "restart kafka.service"];
  const cases: { name: string; have?: Partial<UnitArgs>; does: string[]; turn?: false }[] = [
    { name: "nothing there: written, enabled, started at once", does: [write, reload, enable, restart], turn: false },
    { name: "as wanted: nothing", have: {}, does: [] },
    {
      name: "edited: written, restarted in its turn",
      have: { content: "edited" },
      does: [write, reload, enable, restart],
    },
    {
      name: "deleted while it runs: as edited",
      have: { content: "", enabled: "disabled" },
      does: [write, reload, enable, restart],
    },
    { name: "disabled: enabled, not restarted", have: { enabled: "disabled" }, does: [enable] },
    { name: "stopped: started at once", have: { active: "inactive" }, does: [restart], turn: false },
    { name: "given up: started at once", have: { active: "failed" }, does: [restart], turn: false },
    { name: "crashing: started at once", have: { active: "activating" }, does: [restart], turn: false },
    { name: "runs with older files: restarted in its turn", have: { running: "outdated" }, does: [restart] },
    {
      name: "a file that it reads is another: restarted in its turn",
      have: { reads: { [config]: "b".repeat(64) } },
      does: [restart],
    },
    {
      name: "a file that it reads is gone: restarted in its turn",
      have: { reads: { [config]: "absent" } },
      does: [restart],
    },
    {
      name: "a drop-in: taken away, restarted in its turn",
      have: { dropIns: ["/etc/systemd/system/kafka.service.d/x.conf"] },
      does: ["remove /etc/systemd/system/kafka.service.d/x.conf", reload, restart],
    },
    {
      name: "masked: unmasked, written again",
      have: { content: "", enabled: "masked", active: "inactive" },
      does: ["unmask kafka.service", write, reload, enable, restart],
      turn: false,
    },
    { name: "another port to wait for: nothing", have: { readyPort: 9093 }, does: [] },
  ];
  test.each(cases)("$name", ({ have, does, turn }) => {
    const commands = unit.definition.plan(want, have && { ...want, ...have }, true);
    expect(commands.map((command) => command.does)).toEqual(does);
    const turns = commands.filter((command) => command.turn !== undefined).map((command) => command.does);
    expect(turns).toEqual(does.includes(restart) && turn !== false ? [restart] : []);
    expect(commands.every((command) => command.undo === undefined)).toBe(true);
  });

  test("systemctl is asked exactly this", () => {
    const have = {
      ...want,
      enabled: "masked",
      content: "",
      dropIns: ["/run/systemd/system/kafka.service.d/it's.conf"],
    };
    const commands = unit.definition.plan(want, have, true);
    expect(commands.slice(0, -1)).toEqual([
      { does: "unmask kafka.service", argv: ["systemctl", "--quiet", "unmask", "--", "kafka.service"] },
      writeText(path, want.content, "0644", "root:root"),
      {
        does: "remove /run/systemd/system/kafka.service.d/it's.conf",
        argv: ["rm", "-f", "--", "/run/systemd/system/kafka.service.d/it's.conf"],
      },
      { does: "daemon-reload", argv: ["systemctl", "daemon-reload"] },
      { does: "enable kafka.service", argv: ["systemctl", "--quiet", "enable", "--", "kafka.service"] },
    ]);
    expect(commands.at(-1)?.evidence).toContain("--unit=kafka.service");
  });

  test("a service that replaces a running one is undone when it does not stay up", () => {
    const [, , , restart] = unit.definition.plan(service, { ...service, content: "older" }, true);
    expect(restart?.turn).toBeUndefined();
    expect(restart?.undo?.commands.map(({ does }) => does)).toEqual([
      "write /etc/systemd/system/bramble-con1.service",
      "daemon-reload",
      "restart bramble-con1.service",
    ]);
    expect(restart?.undo?.commands[0]?.stdin).toBe("older");
  });

  test("a service that was not there before is taken away again when it does not get ready", () => {
    const [, , , restart] = unit.definition.plan(service, undefined, false);
    expect(restart?.undo?.commands).toEqual(unit.definition.planDelete(service));
  });

  test.each<[string, Partial<UnitArgs>]>([
    ["was stopped", { content: "older", active: "inactive" }],
    ["had lost its file", { content: "" }],
    ["is the same one", { running: "outdated" }],
  ])("a service that %s has nothing to go back to", (_, have) => {
    const commands = unit.definition.plan(service, { ...service, ...have }, true);
    expect(commands.at(-1)).toMatchObject({ does: "restart bramble-con1.service" });
    expect(commands.at(-1)?.undo).toBeUndefined();
  });
});

describe("read", () => {
  const ok = (stdout = ""): Result => ({ exitCode: 0, stdout, stderr: "" });
  const failed = (stderr: string): Result => ({ exitCode: 1, stdout: "", stderr });
  const show = (active = "active", enabled = "enabled", started = "5000000") =>
    ok(`ActiveState=${active}\nUnitFileState=${enabled}\nExecMainStartTimestampMonotonic=${started}\n`);
  const none = failed(`cat: ${path}: No such file or directory`);
  const sums = ok(`${"a".repeat(64)}  -\n`);
  const read = (looks: { [look: string]: Result }) => {
    const { cat = ok(want.content), shown = show(), overrides = ok(), written = ok("4000000\n"), read = sums } = looks;
    return unit.definition.read([cat, shown, overrides, written, read], want);
  };

  test.each<[string, Record<string, Result>, Partial<UnitArgs>]>([
    ["as wanted", {}, {}],
    ["edited", { cat: ok("edited") }, { content: "edited" }],
    ["disabled", { shown: show("active", "disabled") }, { enabled: "disabled" }],
    ["not known to systemd yet", { shown: show("inactive", "", "0") }, { enabled: "disabled", active: "inactive" }],
    [
      "masked",
      { cat: ok(""), shown: show("inactive", "masked", "0") },
      { content: "", enabled: "masked", active: "inactive" },
    ],
    ["given up", { shown: show("failed") }, { active: "failed" }],
    ["with drop-ins", { overrides: ok("/etc/a.conf\n/run/b c.conf\n") }, { dropIns: ["/etc/a.conf", "/run/b c.conf"] }],
    ["older than its files", { written: ok("5000001\n") }, { running: "outdated" }],
    [
      "stopped before its files were written",
      { shown: show("inactive"), written: ok("5000001\n") },
      { active: "inactive" },
    ],
    ["without any file of a known time", { written: ok("") }, {}],
    ["without a file that it reads", { read: ok("absent\n") }, { reads: { [config]: "absent" } }],
    ["running on without its file", { cat: none, shown: show("active", "") }, { content: "", enabled: "disabled" }],
  ])("%s", (_, looks, differs) => {
    expect(read(looks)).toEqual({ ...want, ...differs });
  });

  test.each(["inactive", "failed"])("absent: no file, and %s", (active) => {
    expect(read({ cat: none, shown: show(active, "", "0") })).toBeUndefined();
  });

  test.each<[string, Record<string, Result>]>([
    ["the file", { cat: failed("cat: ...: Input/output error") }],
    ["systemd", { shown: failed("Failed to connect to bus: Connection refused") }],
    ["systemd, of a unit without a file", { cat: none, shown: failed("Failed to connect to bus: Connection refused") }],
    ["the drop-ins", { overrides: failed("sh: Input/output error") }],
    ["the files' times", { written: failed("sh: Input/output error") }],
    ["the files that it reads", { read: failed("sh: Input/output error") }],
  ])("cannot tell when %s cannot be asked", (_, looks) => {
    expect(() => read(looks)).toThrow(/cannot be read: .*(Connection refused|Input\/output error)\. Fix that first/);
  });
});

describe("on a host with a stand-in for systemd", () => {
  let folder: string;
  let machine: ThisMachine;
  let here: UnitArgs;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "bramble-unit-"));
    for (const name of ["bin", "system", "state"]) mkdirSync(join(folder, name));
    writeFileSync(join(folder, "bin", "systemctl"), standIn(folder), { mode: 0o755 });
    writeFileSync(join(folder, "bin", "journalctl"), "#!/bin/sh\necho 'the last words of the unit'\n", { mode: 0o755 });
    const argument = (text: string) =>
      text
        .replaceAll("/etc/systemd/system", join(folder, "system"))
        .replace(/^root:root$/, owner)
        .replace(/^(90|18)$/, "1") // seconds to get ready in
        .replace(" -lt 12000000 ", " -lt 1000000 ");
    machine = thisMachine({ argument, path: join(folder, "bin") });
    const settings = join(folder, "it's\\odd\nserver.properties");
    writeFileSync(settings, "a=1\n");
    here = { ...service, reads: { [settings]: createHash("sha256").update("a=1\n").digest("hex") } };
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const calls = () => {
    const log = join(folder, "state", "log");
    const lines = readFileSync(log, "utf8").trimEnd().split("\n");
    writeFileSync(log, "");
    return lines.filter((line) => !line.startsWith("show --property=ActiveState"));
  };
  const observe = () => unit.observe(machine.session, here);
  const converge = async () => unit.apply(machine.session, here, await observe(), true);
  const settings = () => Object.keys(here.reads)[0] ?? "";
  test("a unit is made once, seen as it is, and taken away", async () => {
    expect(await observe()).toBeUndefined();
    await converge();
    expect(calls()).toEqual([
      "daemon-reload",
      "--quiet enable -- bramble-con1.service",
      "reset-failed -- bramble-con1.service",
      "restart -- bramble-con1.service",
    ]);
    expect(await observe()).toEqual(here);
    machine.done();
    expect(await converge()).toEqual(here);
    expect(machine.done()).toEqual([]);
    writeFileSync(join(folder, "state", "cache"), "");
    await unit.remove(machine.session, here);
    expect(await observe()).toBeUndefined();
    expect(readdirSync(join(folder, "state"))).not.toContain("cache");
    expect(readdirSync(join(folder, "system"), { recursive: true })).toEqual(["multi-user.target.wants"]);
    await unit.remove(machine.session, here);
  });

  test("a daemon that runs on without its file is seen, mended, and stopped in the end", async () => {
    await converge();
    rmSync(join(folder, "system", here.name));
    expect(await observe()).toEqual({ ...here, content: "", enabled: "disabled" });
    expect(await converge()).toEqual(here);
    rmSync(join(folder, "system", here.name));
    await unit.remove(machine.session, here);
    expect(await observe()).toBeUndefined();
    expect(calls()).toContain("stop -- bramble-con1.service");
  });

  test("a file that changes after the start makes the daemon outdated; one that is as old as it does not", async () => {
    await converge();
    expect(await observe()).toMatchObject({ running: "current" });
    appendFileSync(settings(), "b=2\n");
    utimesSync(settings(), new Date(), new Date());
    const seen = await observe();
    expect(seen).toMatchObject({ running: "outdated" });
    expect(seen?.reads).not.toEqual(here.reads);
    here = { ...here, reads: seen?.reads ?? {} };
    calls();
    expect(await converge()).toEqual(here);
    expect(calls()).toContain("restart -- bramble-con1.service");
  });

  test("a file from the future, before the Pi knew the time, is no reason to restart", async () => {
    await converge();
    const tomorrow = Date.now() / 1000 + 86_400;
    utimesSync(settings(), tomorrow, tomorrow);
    expect(await observe()).toEqual(here);
  });

  test("a unit with a port counts as started once that answers", async () => {
    const server = createServer();
    const port = await listen(server);
    await new Promise((resolve) => server.close(resolve));
    here = { ...here, readyPort: port };
    setTimeout(() => server.listen(port, "127.0.0.1"), 300);
    await converge();
    await new Promise((resolve) => server.close(resolve));
    await expect(unit.apply(machine.session, here, undefined, true)).rejects.toThrow(
      `no answer on port ${port}\nthe last words of the unit\nThe new unit was removed again. Fix that`,
    );
  });

  test.each([
    ["crashes", /restarted 2 times within 3 s/],
    ["stands still", /ready, but makes no progress/],
    ["never gets ready", /not ready within 1 s/],
  ])("a successor that %s makes room for the unit that ran", async (how, message) => {
    await converge();
    here = { ...here, content: `[Service]\nExecStart=/${how}\n` };
    calls();
    await expect(converge()).rejects.toThrow(message);
    expect(readFileSync(join(folder, "system", here.name), "utf8")).toBe(service.content);
    expect(calls().slice(-3)).toEqual([
      "daemon-reload",
      "reset-failed -- bramble-con1.service",
      "restart -- bramble-con1.service",
    ]);
    here = { ...here, content: service.content };
    expect(await observe()).toEqual(here);
  });

  test("a successor that moves on stays", async () => {
    await converge();
    here = { ...here, content: "[Service]\nExecStart=/another\n" };
    expect(await converge()).toEqual(here);
  });

  test("a first one that never gets ready leaves nothing, and its last words are told", async () => {
    here = { ...here, content: "[Service]\nExecStart=/never gets ready\n" };
    await expect(converge()).rejects.toThrow(
      /not ready within 1 s\nthe last words [^\n]+\nThe new unit was removed again/s,
    );
    expect(await observe()).toBeUndefined();
  });
});

/** As much of systemctl(1) as units are managed with; it fails on whatever else it is asked. */
function standIn(folder: string): string {
  return `#!/bin/sh
system=${folder}/system state=${folder}/state
echo "$*" >> "$state/log"
for unit; do :; done
case "$*" in
  daemon-reload|"reset-failed -- "*) ;;
  "show --property=ActiveState --property=UnitFileState --property=ExecMainStartTimestampMonotonic -- "*)
    if [ -e "$state/started" ]; then echo ActiveState=active; else echo ActiveState=inactive; fi
    if [ -e "$system/$unit" ] && [ -e "$system/multi-user.target.wants/$unit" ]; then echo UnitFileState=enabled; else echo UnitFileState=; fi
    echo "ExecMainStartTimestampMonotonic=$(cat "$state/started" 2>/dev/null || echo 0)" ;;
  "show --property=NRestarts --property=WatchdogTimestampMonotonic -- "*)
    if grep -q /crashes "$system/$unit"; then echo NRestarts=2; else echo NRestarts=0; fi
    if grep -q "/stands still" "$system/$unit"; then echo WatchdogTimestampMonotonic=5; else echo WatchdogTimestampMonotonic=9999999999999; fi ;;
  "--quiet enable -- "*)
    [ -e "$system/$unit" ] && mkdir -p "$system/multi-user.target.wants" || exit 1
    ln -sf "$system/$unit" "$system/multi-user.target.wants/" ;;
  "restart -- "*)
    [ -e "$system/$unit" ] || exit 5
    if grep -q "/never gets ready" "$system/$unit"; then exec sleep 60; fi
    read -r up _ < /proc/uptime; echo "\${up%.*}\${up#*.}9999" > "$state/started" ;;
  "stop -- "*)
    if [ -e "$state/started" ]; then rm "$state/started"; else echo "Unit $unit not loaded." >&2; exit 5; fi ;;
  "clean --what=cache -- "*)
    if [ -e "$state/started" ] || [ ! -e "$system/$unit" ]; then echo "no such unit, or it runs" >&2; exit 1; fi
    rm -f "$state/cache" ;;
  "is-active --quiet -- "*) [ -e "$state/started" ] ;;
  "is-failed --quiet -- "*) exit 1 ;;
  *) echo "systemctl $*: not known here" >&2; exit 99 ;;
esac
`;
}
