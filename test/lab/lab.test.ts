import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { cgroupRoot } from "../../lab/cgroup.ts";
import { delay, mendDelay } from "../../lab/delay.ts";
import { down } from "../../lab/down.ts";
import { execInLab } from "../../lab/enter.ts";
import { cut, freeze, kill, reflash, start } from "../../lab/faults.ts";
import { labHost } from "../../lab/hosts.ts";
import { openLab, prepareLab, projectFolder } from "../../lab/lab.ts";
import { status } from "../../lab/status.ts";
import { up } from "../../lab/up.ts";
import { runInLab, runOnHost } from "./run-in-lab.ts";
import { mountsIn, remaining, tracesOf } from "./traces.ts";

const lab = openLab("test-lab");
const cgroup = join(cgroupRoot(), lab.cgroup);
const bramble = join(projectFolder, "cli", "bramble");
const [rpi1, rpi2, rpi3] = [labHost("rpi1"), labHost("rpi2"), labHost("rpi3")];

beforeAll(async () => {
  await down(lab, { wipe: true });
  prepareLab(lab);
  await up(lab, { owner: process.pid });
});

afterAll(() => down(lab, { wipe: true }));

/** Logs in with the course's password through the ssh client of this machine, which knows no host key yet. */
function logInWithPassword(address: string, command: string, password = "raspberry") {
  const options = ["StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "PubkeyAuthentication=no"];
  const flags = [...options, "LogLevel=ERROR", "ConnectTimeout=3"].flatMap((option) => ["-o", option]);
  return runInLab(lab, ["sshpass", "-p", password, "ssh", ...flags, `pi@${address}`, command]);
}

function offeredKey(address: string): string {
  return runInLab(lab, ["ssh-keyscan", "-t", "ed25519", address]).stdout.trim();
}

describe("four Pis as they come out of the box", () => {
  test("let pi in with the course's password", () => {
    for (const address of ["10.42.0.250", "10.42.0.251", "10.42.0.252", "10.42.0.253"]) {
      expect(logInWithPassword(address, "hostname -I")).toMatchObject({ status: 0, stdout: `${address} \n` });
    }
    expect(logInWithPassword("10.42.0.250", "true", "wrong").status).toBe(5); // sshpass: invalid password
  });

  test("let pi in with the lab's key, knowing the host keys, and pi may do everything", () => {
    expect(runOnHost(lab, "rpi3", "hostname; id -un; sudo -n id -un")).toBe("rpi3\npi\nroot");
  });

  test("have Java 17 and nothing of bramble, and know each other by name", () => {
    expect(runOnHost(lab, "rpi0", "java -version 2>&1 | head -1")).toMatch(/"17\./);
    expect(runOnHost(lab, "rpi0", "ls /opt; command -v node || true")).toBe("");
    expect(runOnHost(lab, "rpi0", "getent hosts rpi0 rpi1 rpi2 rpi3 | awk '{print $1}'").split("\n")).toEqual([
      "10.42.0.250",
      "10.42.0.251",
      "10.42.0.252",
      "10.42.0.253",
    ]);
    expect(runOnHost(lab, "rpi0", "ping -c 1 -W 1 rpi3 >/dev/null && echo reached")).toBe("reached");
  });

  test("run a systemd of their own with no failed unit, and differ in identity and host key", () => {
    const identities = ["rpi0", "rpi1", "rpi2", "rpi3"].map((host) =>
      runOnHost(lab, host, "systemctl is-system-running --wait; cat /etc/machine-id /etc/ssh/ssh_host_ed25519_key.pub"),
    );
    for (const identity of identities) expect(identity).toMatch(/^running\n/);
    expect(new Set(identities).size).toBe(4);
  });

  test("`up` again boots nothing", async () => {
    const lines: string[] = [];
    await up(lab, { report: (line) => lines.push(line) });
    expect(lines).toEqual(["lab `test-lab` is already up"]);
  });
});

describe("a program in the lab", () => {
  test("gets the lab's network and environment, its own input, and its exit code back", () => {
    const script = 'cat; echo "$BRAMBLE_LAB $PULUMI_BACKEND_URL $BRAMBLE_KNOWN_HOSTS"; ip -brief address; exit 7';
    const { status: code, stdout } = runInLab(lab, ["sh", "-c", script], "read me\n");
    expect(code).toBe(7);
    expect(stdout).toMatch(`read me\ntest-lab file://${lab.folder}/pulumi ${lab.folder}/known_hosts\n`);
    expect(stdout).toMatch(/^switch0 .* 10\.42\.0\.1\/24/m);
  });

  test("is reached the same way through the command", () => {
    const env = { ...process.env, BRAMBLE_LAB: lab.name };
    const through = spawnSync(bramble, ["lab", "exec", "--", "sh", "-c", "cat; exit 5"], { env, input: "in" });
    expect([through.status, through.stdout.toString()]).toEqual([5, "in"]);
    const onHost = spawnSync(bramble, ["lab", "ssh", "rpi2", "--", "hostname; exit 6"], { env });
    expect([onHost.status, onHost.stdout.toString()]).toEqual([6, "rpi2\n"]);
  });

  test("is not on this machine's own network", () => {
    const links = spawnSync("ip", ["-brief", "link"], { encoding: "utf8" }).stdout;
    expect(links).not.toMatch(/switch0|rpi\d/);
  });
});

describe("drills", () => {
  test("a pulled plug is silence, keeps the disk, and the host comes back as it was", async () => {
    runOnHost(lab, "rpi3", "sudo sh -c 'echo kept > /opt/kept; sync'");
    const key = offeredKey(rpi3.address);
    await kill(lab, rpi3);
    expect((await status(lab))?.map(({ state }) => state)).toEqual(["on", "on", "on", "off"]);
    // Refused would mean that something still answers for it.
    expect(runInLab(lab, ["ssh", "-o", "ConnectTimeout=5", "pi@10.42.0.253"]).stderr).toMatch(/timed out|No route/);
    await expect(kill(lab, rpi3)).rejects.toThrow("rpi3 is off; plug it in with `npx bramble lab start rpi3`");
    await start(lab, rpi3);
    expect(runOnHost(lab, "rpi3", "cat /opt/kept")).toBe("kept");
    expect(offeredKey(rpi3.address)).toBe(key);
    await expect(start(lab, rpi3)).rejects.toThrow("rpi3 is already on");
  });

  test("`up` boots only the host that is off", async () => {
    await kill(lab, rpi3);
    const lines: string[] = [];
    await up(lab, { report: (line) => lines.push(line) });
    expect(lines[0]).toBe("lab `test-lab`: booting rpi3");
    expect(logInWithPassword(rpi3.address, "true").status).toBe(0);
  });

  test("a host that reboots itself comes back", async () => {
    const bootId = () => runOnHost(lab, "rpi3", "cat /proc/sys/kernel/random/boot_id");
    const before = bootId();
    spawnSync(bramble, ["lab", "ssh", "rpi3", "--", "sudo", "reboot"], {
      env: { ...process.env, BRAMBLE_LAB: lab.name },
    });
    await until(() => expect(bootId()).not.toBe(before));
  });

  test("slow cables take their time both ways, until they are mended", async () => {
    const connects = () => {
      const script = `import socket, time
times = []
for _ in range(5):
    began = time.monotonic()
    socket.create_connection(("${rpi2.address}", 22)).close()
    times.append(time.monotonic() - began)
print(min(times))`;
      return Number(runInLab(lab, ["python3", "-c", script]).stdout);
    };
    await delay(lab, 50);
    expect(connects()).toBeGreaterThan(0.1);
    // The longest frames come through whole.
    expect(runOnHost(lab, "rpi2", "head -c 1000000 /dev/zero | tr '\\0' x | fold -w 1000").length).toBe(1_000_999);
    await mendDelay(lab);
    expect(connects()).toBeLessThan(0.1);
    await expect(mendDelay(lab)).rejects.toThrow("nothing to mend");
  });

  test("a cut cable is silence until it is mended, and the host runs on", async () => {
    await cut(lab, rpi2);
    expect((await status(lab))?.[2]).toMatchObject({ state: "cut", ssh: false, failedUnits: [] });
    expect(logInWithPassword(rpi2.address, "true").status).toBe(255);
    await expect(cut(lab, rpi2)).rejects.toThrow("rpi2's cable is already cut; mend it with");
    await expect(up(lab)).rejects.toThrow("rpi2's cable is cut; mend it with `npx bramble lab cut rpi2 --mend`");
    await cut(lab, rpi2, true);
    expect(logInWithPassword(rpi2.address, "true").status).toBe(0);
    await expect(cut(lab, rpi2, true)).rejects.toThrow("nothing to mend");
  });

  test("a frozen host accepts connections and says nothing until it is thawed", async () => {
    await freeze(lab, rpi1);
    expect((await status(lab))?.[1]).toMatchObject({ state: "frozen", ssh: false });
    const connected = runInLab(lab, ["bash", "-c", `exec 3<>/dev/tcp/${rpi1.address}/22 && ! read -t 1 -u 3`]);
    expect(connected.status).toBe(0);
    await expect(freeze(lab, rpi1)).rejects.toThrow("rpi1 is already frozen; thaw it with");
    await freeze(lab, rpi1, true);
    expect(logInWithPassword(rpi1.address, "true").status).toBe(0);
    await expect(freeze(lab, rpi1, true)).rejects.toThrow("nothing to thaw");
  });

  test("the plug of a frozen host can be pulled, and it comes back thawed", async () => {
    await freeze(lab, rpi1);
    await kill(lab, rpi1);
    await start(lab, rpi1);
    expect(logInWithPassword(rpi1.address, "true").status).toBe(0);
  });

  test("a reflashed host has an empty disk and a new host key", async () => {
    runOnHost(lab, "rpi2", "sudo touch /opt/gone");
    const key = offeredKey(rpi2.address);
    await reflash(lab, rpi2);
    expect(offeredKey(rpi2.address)).not.toBe(key);
    expect(runOnHost(lab, "rpi2", "ls /opt")).toBe("");
  });
});

describe("the end of a lab", () => {
  test("`down` leaves no process, namespace, mount, link or control group, not even of programs that used it", async () => {
    const traces = tracesOf(cgroup);
    expect(traces.processes.length).toBeGreaterThan(4 * 5);
    expect(traces.namespaces.length).toBeGreaterThanOrEqual(4 * 4);
    const visitor = ended(startInLab(["sleep", "1000"]));
    await down(lab);
    expect(remaining(traces)).toEqual([]);
    expect(await visitor).not.toBe(0);
    expect(existsSync(cgroup)).toBe(false);
    expect(mountsIn(lab.folder)).toEqual([]);
    expect(existsSync(lab.run)).toBe(false);
    expect(readdirSync(lab.disks)).toHaveLength(4);
    expect(await status(lab)).toBeUndefined();
  });

  test("a killed supervisor takes everything with it, and the next `up` clears away what cannot go by itself", async () => {
    await up(lab);
    const traces = tracesOf(cgroup);
    const supervisor = readFileSync(join(lab.run, "supervisor.pid"), "utf8");
    process.kill(Number(supervisor), "SIGKILL");
    await until(() => expect(remaining(traces)).toEqual([]));
    await up(lab);
    expect(logInWithPassword(rpi1.address, "true").status).toBe(0);
  });

  test("a lab ends with its owner, beside another lab that goes on", async () => {
    const owner = spawn("sleep", ["1000"]);
    const other = openLab("test-owned");
    try {
      const argv = ["lab", "up", "--owner", String(owner.pid)];
      const booted = spawnSync(bramble, argv, { env: { ...process.env, BRAMBLE_LAB: other.name }, encoding: "utf8" });
      expect(booted).toMatchObject({ status: 0, stderr: "" });
      const traces = tracesOf(join(cgroupRoot(), other.cgroup));
      expect(traces.processes.length).toBeGreaterThan(4 * 5);
      owner.kill("SIGKILL");
      await until(() => expect(remaining(traces)).toEqual([]));
      expect(logInWithPassword(rpi1.address, "true").status).toBe(0);
    } finally {
      owner.kill("SIGKILL");
      await down(other, { wipe: true });
    }
    expect(existsSync(other.disks)).toBe(false);
  });

  test("`--wipe` forgets the disks, the trusted keys and the Pulumi state", async () => {
    writeFileSync(lab.knownHosts, "a key\n");
    await down(lab, { wipe: true });
    expect([lab.disks, lab.knownHosts, lab.pulumiState].filter((path) => existsSync(path))).toEqual([]);
  });

  test("a lab that is down says how to start it", () => {
    expect(() => execInLab(lab, ["true"])).toThrow("lab `test-lab` is not up; start it with `npx bramble lab up`");
  });
});

function startInLab(argv: string[]): ChildProcess {
  const {
    argv: [program = "", ...args],
    env,
  } = execInLab(lab, argv);
  return spawn(program, args, { env, stdio: "ignore" });
}

function ended(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve) => child.once("exit", resolve));
}

/** Tries again until it does not throw, for up to 20 s. */
async function until<T>(attempt: () => T): Promise<T> {
  const deadline = Date.now() + 20_000;
  for (;;) {
    try {
      return attempt();
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await sleep(200);
    }
  }
}
