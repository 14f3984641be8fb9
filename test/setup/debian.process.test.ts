import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { bash, fakeCommand, scratch } from "./bash.ts";

let room: ReturnType<typeof scratch>;
let called: () => string[];
beforeEach(() => {
  room = scratch();
  const calls = join(room.folder, "calls");
  called = () => (existsSync(calls) ? readFileSync(calls, "utf8").trimEnd().split("\n") : []);
  // A machine that has curl, and nftables removed but for its settings.
  fakeCommand(room.folder, "dpkg-query", `printf 'curl installed\\nnftables config-files\\n'; exit 1`);
  // It finds no package before its lists are refreshed.
  fakeCommand(
    room.folder,
    "apt-get",
    `echo "$DEBIAN_FRONTEND $*" >>${calls}
     case " $* " in *" update "*) touch ${room.folder}/lists ;; *) [ -e ${room.folder}/lists ] ;; esac`,
  );
  fakeCommand(room.folder, "sudo", `shift; "$@"`);
});
afterEach(() => room.remove());

const debian = (script: string) =>
  bash(`set -eu; exec 3>&1; say() { echo "$*" >&3; }; . setup/debian.sh; ${script}`, {
    PATH: `${room.folder}:${process.env.PATH}`,
    DEBIAN_FRONTEND: "dialog",
  });

test("only what is missing counts, and a removed package is missing", async () => {
  expect((await debian("missing_packages nftables curl uidmap")).stdout).toBe("nftables\nuidmap\n");
});

test("nothing is asked of apt when nothing is missing", async () => {
  expect((await debian("install_packages curl")).status).toBe(0);
  expect(called()).toEqual([]);
});

test("missing packages are installed without questions or extras, after a look at new lists when the old do not do", async () => {
  const { status, stdout } = await debian("install_packages curl uidmap");
  expect({ status, stdout }).toEqual({ status: 0, stdout: "installing uidmap\n" });
  const install = expect.stringMatching(/^noninteractive .*-y --no-install-recommends .* install uidmap$/);
  expect(called()).toEqual([install, expect.stringMatching(/ update$/), install]);
});
