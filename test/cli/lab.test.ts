import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { statusTable } from "../../cli/status-table.ts";
import { cgroupRoot } from "../../lab/cgroup.ts";
import { labHost, labHosts } from "../../lab/hosts.ts";
import { openLab } from "../../lab/lab.ts";
import { requirePrograms } from "../../lab/programs.ts";
import { asInvokingUser, throughSudo } from "../../lab/root.ts";

test("the status table has a line for each host, in columns", () => {
  const [rpi0, rpi1, rpi2, rpi3] = ["rpi0", "rpi1", "rpi2", "rpi3"].map(labHost) as [never, never, never, never];
  expect(
    statusTable([
      { host: rpi0, state: "on", ssh: true, failedUnits: [], uptimeSeconds: 59 },
      { host: rpi1, state: "on", ssh: true, failedUnits: ["kafka.service", "x.service"], uptimeSeconds: 61 },
      { host: rpi2, state: "frozen", ssh: false, uptimeSeconds: 7265 },
      { host: rpi3, state: "off", ssh: false },
    ]).split("\n"),
  ).toEqual([
    "HOST  ADDRESS      STATE   SSH      FAILED UNITS             UPTIME",
    "rpi0  10.42.0.250  on      answers  none                     59 s",
    "rpi1  10.42.0.251  on      answers  kafka.service x.service  1 min 1 s",
    "rpi2  10.42.0.252  frozen  silent   -                        2 h 1 min",
    "rpi3  10.42.0.253  off     silent   -                        -",
  ]);
});

describe("names", () => {
  test("the four hosts are the course's", () => {
    expect(labHosts.map(({ name, address }) => `${name} ${address}`)).toEqual([
      "rpi0 10.42.0.250",
      "rpi1 10.42.0.251",
      "rpi2 10.42.0.252",
      "rpi3 10.42.0.253",
    ]);
  });

  test("an unknown host is told which there are", () => {
    expect(() => labHost("rpi9")).toThrow("there is no host `rpi9` in the lab; its hosts are rpi0, rpi1, rpi2, rpi3");
  });

  test.each(["Demo", "../demo", "a b", "9", "a".repeat(25)])("`%s` is no name for a lab", (name) => {
    expect(() => openLab(name)).toThrow(`\`${name}\` is not a valid name for a lab`);
  });

  test("two labs of one clone share nothing", () => {
    const [demo, other] = [openLab("demo"), openLab("test")];
    for (const [key, value] of Object.entries(demo)) expect(Object.entries(other)).not.toContainEqual([key, value]);
  });
});

describe("control groups version 2 are found", () => {
  test.each([
    ["alone", "30 24 0:26 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw", "/sys/fs/cgroup"],
    [
      "beside version 1",
      "30 24 0:25 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n31 30 0:26 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids\n" +
        "32 30 0:27 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw",
      "/sys/fs/cgroup/unified",
    ],
  ])("%s", (_, mountinfo, root) => {
    expect(cgroupRoot(mountinfo)).toBe(root);
  });

  test("or the user is told what is missing", () => {
    expect(() => cgroupRoot("30 24 0:25 / / rw - ext4 /dev/vda rw")).toThrow("no cgroup2 mounted");
  });
});

test("programs that the machine lacks are all named at once, with their packages", () => {
  expect(() => requirePrograms("/nowhere")).toThrow(
    "the lab needs unshare, nsenter, setpriv (package util-linux); ip (package iproute2); systemd-nspawn (package " +
      "systemd-container); mmdebstrap (package mmdebstrap); ssh, ssh-keygen (package openssh-client), which are " +
      "not on PATH; `make setup` installs what is missing",
  );
});

describe("without root", () => {
  let bin: string;
  beforeAll(() => {
    bin = mkdtempSync(join(tmpdir(), "bramble-bin-"));
    writeFileSync(join(bin, "sudo"), "", { mode: 0o755 });
  });
  afterAll(() => rmSync(bin, { recursive: true }));

  test("the command goes through sudo and remembers who asked", () => {
    const argv = throughSudo({ PATH: bin, HOME: "/home/ada" });
    expect(argv.slice(0, 3)).toEqual(["sudo", "-E", "env"]);
    expect(argv).toContain("HOME=/home/ada");
    expect(argv).toContain(`BRAMBLE_INVOKING_USER=${process.getuid?.()}:${process.getgid?.()}`);
  });

  test("and without sudo it says what is wanted", () => {
    expect(() => throughSudo({ PATH: "/nowhere" })).toThrow("run the same command as root");
  });

  test("what runs in the lab runs as who asked", () => {
    const argv = asInvokingUser({ BRAMBLE_INVOKING_USER: "1000:1001" });
    expect(argv.slice(0, 3)).toEqual(["setpriv", "--reuid=1000", "--regid=1001"]);
    expect(asInvokingUser({})).toEqual([]);
  });
});
