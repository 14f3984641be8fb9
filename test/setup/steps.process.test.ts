import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readlinkSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { basename, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { bash, fakeCommand, scratch } from "./bash.ts";

/** A machine with Debian's usual commands and nothing that set-up brings, and a site that publishes official archives. */
let room: ReturnType<typeof scratch>;
let machine: string;
let cache: string;
let site: Server;
let url: string;
const published = new Map<string, Buffer>();

const usual =
  "awk basename bash cat chmod comm cp curl cut dirname env expand find flock grep gzip head ln mkdir mktemp mv paste readlink rm " +
  "sed sha256sum sha512sum sleep sort tail tar timeout touch tput tr uname";

beforeEach(async () => {
  room = scratch();
  machine = join(room.folder, "machine");
  cache = join(room.folder, "cache");
  mkdirSync(machine);
  const { stdout } = await bash(`type -P ${usual}`);
  for (const path of stdout.trimEnd().split("\n")) symlinkSync(path, join(machine, basename(path)));
  published.clear();
  site = createServer((request, response) => {
    const body = published.get((request.url ?? "").slice(1));
    response.writeHead(body ? 200 : 404).end(body);
  });
  await new Promise<void>((resolve) => site.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(site.address() as AddressInfo).port}`;
});
afterEach(() => {
  site.close();
  room.remove();
});

/** Publishes an archive of shell scripts by path. */
async function publish(name: string, files: Record<string, string>): Promise<string> {
  const folder = join(room.folder, name);
  for (const [path, script] of Object.entries(files))
    fakeCommand(join(folder, path, ".."), path.split("/").at(-1) ?? "", script);
  await bash(`tar -czf ${folder}.tgz -C ${folder} .  --transform 's,^\\./,,'`);
  const archive = readFileSync(`${folder}.tgz`);
  published.set(name, archive);
  return createHash("sha256").update(archive).digest("hex");
}

const setUp = (step: string, env: Record<string, string> = {}) =>
  bash(`setup/setup ${step}`, {
    PATH: machine,
    BRAMBLE_CACHE: cache,
    BRAMBLE_NODE_URL: url,
    BRAMBLE_PULUMI_URL: url,
    BRAMBLE_KAFKA_URL: url,
    PULUMI_HOME: join(room.folder, "pulumi-home"),
    ...env,
  });

const pin = async (name: string) => (await bash(`. setup/pins.sh; echo -n "$${name}"`)).stdout;
const architecture = process.arch;

describe("pulumi", () => {
  const publishPulumi = async () => {
    const version = await pin("pulumi_version");
    const name = `pulumi-v${version}-linux-${architecture}.tar.gz`;
    const sum = await publish(name, {
      "pulumi/pulumi": `echo v${version}`,
      "pulumi/pulumi-language-nodejs": "echo host",
      "pulumi/pulumi-language-java": "echo not wanted",
    });
    return { version, sums: `pulumi-${version}-checksums.txt`, line: `${sum}  ${name}\n` };
  };

  test("the official archive, checked, and what it holds for Node.js", async () => {
    const { version, sums, line } = await publishPulumi();
    published.set(sums, Buffer.from(line));
    expect(await setUp("pulumi")).toMatchObject({ status: 0, stderr: "" });
    expect((await bash(`${cache}/bin/pulumi version; ${cache}/bin/pulumi-language-nodejs`)).stdout).toBe(
      `v${version}\nhost\n`,
    );
    expect(existsSync(join(cache, `pulumi/${version}/pulumi-language-java`))).toBe(false);
    expect((await setUp("pulumi")).stdout).toContain("already installed");
  });

  test("an archive that is not what was published is not used", async () => {
    const { version, sums, line } = await publishPulumi();
    published.set(sums, Buffer.from(line.replace(/^.{8}/, "00000000")));
    fakeCommand(machine, "go", `if [ "$1" = env ]; then echo go1.99.0; else echo "no module"; exit 1; fi`);
    const { status, stdout, stderr } = await setUp("pulumi");
    expect(status).toBe(1);
    expect(stdout).toContain("building from Go modules");
    expect(stderr).toMatch(/failed after .*no module.*Next: put pulumi and pulumi-language-nodejs/s);
    expect(existsSync(join(cache, "pulumi", version))).toBe(false);
  });

  test("a fitting one on PATH is used, an older one is not", async () => {
    const [major, minor] = (await pin("pulumi_version")).split(".").map(Number);
    fakeCommand(machine, "pulumi", `echo v${major}.${(minor ?? 0) + 1}.0`);
    fakeCommand(machine, "pulumi-language-nodejs", "");
    expect((await setUp("pulumi")).status).toBe(0);
    expect(readlinkSync(join(cache, "bin/pulumi"))).toBe(join(machine, "pulumi"));

    fakeCommand(machine, "pulumi", `echo v${major}.${(minor ?? 0) - 1}.0`);
    const { sums, line } = await publishPulumi();
    published.set(sums, Buffer.from(line));
    expect((await setUp("pulumi")).status).toBe(0);
    expect(readlinkSync(join(cache, "bin/pulumi"))).toContain(cache);
  });
});

describe("kafka", () => {
  test("the official archive with Apache's form of its sum", async () => {
    await publish("kafka_2.13-9.9.9.tgz", { "kafka_2.13-9.9.9/bin/kafka-topics.sh": "" });
    const archive = published.get("kafka_2.13-9.9.9.tgz") ?? Buffer.of();
    const sum = createHash("sha512").update(archive).digest("hex").toUpperCase();
    published.set(
      "kafka_2.13-9.9.9.tgz.sha512",
      Buffer.from(`kafka_2.13-9.9.9.tgz: ${sum.replace(/(.{64})/, "$1\n  ")}\n`),
    );
    expect(await setUp("kafka", { BRAMBLE_KAFKA_VERSION: "9.9.9" })).toMatchObject({ status: 0, stderr: "" });
    expect(readFileSync(join(cache, "kafka/kafka_2.13-9.9.9.tgz"))).toEqual(archive);
  });

  test("neither the archive nor Maven's repository: no half archive, the reason, and what to do", async () => {
    fakeCommand(machine, "mvn", "echo 'Could not transfer artifact'; exit 1");
    const { status, stderr } = await setUp("kafka", { BRAMBLE_KAFKA_VERSION: "9.9.9" });
    expect(status).toBe(1);
    expect(stderr).toMatch(/Could not transfer artifact.*Next: put the official kafka_2\.13-9\.9\.9\.tgz at/s);
    expect(existsSync(join(cache, "kafka"))).toBe(false);
  });
});

describe("node", () => {
  test("without Node and npm: the official archive, which brings both", async () => {
    const version = await pin("node_version");
    const top = `node-v${version}-linux-${architecture}`;
    const sum = await publish(`${top}.tar.gz`, {
      [`${top}/bin/node`]: "echo 24",
      [`${top}/bin/npm`]: "",
      [`${top}/bin/npx`]: "",
    });
    published.set("SHASUMS256.txt", Buffer.from(`${sum}  ${top}.tar.gz\n`));
    expect(await setUp("node")).toMatchObject({ status: 0, stderr: "" });
    expect((await bash(`${cache}/bin/node`)).stdout).toBe("24\n");
    expect(existsSync(join(cache, "bin/npx"))).toBe(true);
  });

  test("with npm and an old Node: the npm package, refused when it is not the pinned one", async () => {
    fakeCommand(machine, "node", "echo 20");
    fakeCommand(
      machine,
      "npm",
      `echo other >"\${*: -1}.tgz"; mv *.tgz "$(echo "$*" | sed 's/.*\\(node-linux-[^@]*\\)@/\\1-/').tgz"`,
    );
    const { status, stderr } = await setUp("node");
    expect(status).toBe(1);
    expect(stderr).toMatch(/sha512sum is [0-9a-f]{128}, expected [0-9a-f]{128}/);
    expect(existsSync(join(cache, "node"))).toBe(false);
  });

  test("a new enough one on PATH is used", async () => {
    fakeCommand(machine, "node", "echo 26");
    fakeCommand(machine, "npm", "");
    expect((await setUp("node")).status).toBe(0);
    expect(readlinkSync(join(cache, "bin/node"))).toBe(join(machine, "node"));
  });
});

describe("command plugin", () => {
  test("where it cannot be downloaded the stand-in is named, once", async () => {
    fakeCommand(machine, "pulumi", "exit 1");
    expect((await setUp("command-plugin")).stdout).toContain("bramble uses the offline stand-in");
    expect((await setUp("command-plugin")).stdout).not.toContain("bramble uses");
  });

  test("an installed one is left alone", async () => {
    const plugin = join(room.folder, `pulumi-home/plugins/resource-command-v${await pin("command_plugin_version")}`);
    fakeCommand(plugin, "pulumi-resource-command", "");
    expect((await setUp("command-plugin")).stdout).toContain("already installed");
  });
});

describe("shellcheck", () => {
  test("it comes from Debian, without recommended packages", async () => {
    const calls = join(room.folder, "calls");
    fakeCommand(machine, "dpkg-query", "exit 1");
    fakeCommand(machine, "sudo", `shift; exec "$@"`);
    fakeCommand(
      machine,
      "apt-get",
      `echo "$*" >>${calls}; printf '#!/bin/bash\n' >${machine}/shellcheck; chmod +x ${machine}/shellcheck`,
    );
    expect(await setUp("shellcheck")).toMatchObject({ status: 0, stderr: "" });
    expect(readFileSync(calls, "utf8")).toMatch(/^.* --no-install-recommends .* install shellcheck\n$/);
    expect((await setUp("shellcheck")).stdout).toContain("already installed");
  });

  test("one that cannot be installed fails the set-up and says what to do", async () => {
    fakeCommand(machine, "dpkg-query", "exit 1");
    fakeCommand(machine, "sudo", `shift; exec "$@"`);
    fakeCommand(machine, "apt-get", "echo 'Unable to locate package'; exit 100");
    const { status, stderr } = await setUp("shellcheck");
    expect(status).toBe(1);
    expect(stderr).toMatch(
      /Unable to locate package.*Next: as root run: .* install --no-install-recommends shellcheck/s,
    );
  });
});

test("an unknown step is named, with those there are", async () => {
  const { status, stderr } = await setUp("kafak");
  expect(status).toBe(2);
  expect(stderr).toMatch(/there is no step "kafak"; the steps are: .*\bkafka\b/);
});

test("what is there in one version does not stand for another", async () => {
  fakeCommand(machine, "mvn", "exit 1");
  mkdirSync(join(cache, "kafka"), { recursive: true });
  writeFileSync(join(cache, "kafka/kafka_2.13-3.9.9.tgz"), "");
  expect((await setUp("kafka", { BRAMBLE_KAFKA_VERSION: "3.9.9" })).stdout).toContain("already installed");
  expect((await setUp("kafka", { BRAMBLE_KAFKA_VERSION: "3.9.8" })).status).toBe(1);
});
