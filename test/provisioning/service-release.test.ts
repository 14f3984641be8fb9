import { createHash } from "node:crypto";
import {
  closeSync,
  cpSync,
  fstatSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { loadPipeline } from "../../declaration/load-pipeline.ts";
import type { Pipeline } from "../../declaration/pipeline.ts";
import { buildReleases, type ServiceRelease, serviceSpec } from "../../provisioning/service-release.ts";

jest.setTimeout(120_000);

const root = join(import.meta.dirname, "../..");
const servers = ["10.42.0.250:9092", "10.42.0.251:9092"];
let folder: string;
let pipeline: Pipeline;
let releases: ReadonlyMap<string, ServiceRelease>;

const build = (of: Pipeline, bootstrapServers: readonly string[] = servers) =>
  buildReleases(of, bootstrapServers, root, join(folder, "releases"));
/** A pipeline file beside copies of what it refers to. */
function declared(name: string, change: (text: string) => string = (text) => text): Promise<Pipeline> {
  const file = join(folder, "pipelines", `${name}.yaml`);
  const text = readFileSync(join(root, "pipelines", "kafka_chaining.yaml"), "utf8");
  writeFileSync(file, change(text));
  return loadPipeline(file);
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "bramble-releases-"));
  for (const part of ["data", "pipelines"]) cpSync(join(root, part), join(folder, part), { recursive: true });
  pipeline = await declared("kafka_chaining");
  releases = await build(pipeline);
});
afterAll(() => rmSync(folder, { recursive: true }));

const sum = (path: string) => createHash("sha256").update(readFileSync(path)).digest("hex");
const release = (of: ReadonlyMap<string, ServiceRelease>, name: string) => {
  const found = of.get(name);
  if (found === undefined) throw new Error(`no release of ${name}`);
  return found;
};

describe("a release", () => {
  test("holds the service's bundle, and the file that a source reads", () => {
    expect([...releases.keys()].sort()).toEqual(["con1", "con2", "con3", "out_avg", "out_ewma", "pro"]);
    expect(Object.keys(release(releases, "con1").files)).toEqual(["service.mjs"]);
    const { files, sources } = release(releases, "pro");
    expect(Object.keys(files).sort()).toEqual(["kafka_chaining.txt", "service.mjs"]);
    for (const [name, path] of Object.entries(sources)) expect(sum(path)).toBe(files[name]);
  });

  test("is put in place whole, as another `up` may be reading it", async () => {
    const path = release(releases, "con1").sources["service.mjs"] ?? "";
    const reading = openSync(path, "r");
    await build(pipeline);
    expect(statSync(path).ino).not.toBe(fstatSync(reading).ino);
    expect(readdirSync(dirname(path)).filter((name) => !name.endsWith(".mjs"))).toEqual([]);
    closeSync(reading);
  });

  test("tells a service its processing guarantee when it is not the usual one", async () => {
    const cheaper = await declared("cheaper", (text) =>
      text.replace(/^ {2}con1:$/m, "$&\n    processingGuarantee: at_least_once"),
    );
    const told = cheaper.services.map((service) => [
      service.name,
      serviceSpec(cheaper, service, servers).processingGuarantee,
    ]);
    expect(Object.fromEntries(told)).toMatchObject({ con1: "at_least_once", con2: undefined });
  });

  test("tells a service how far ahead of its clock an event time may be when that is not the usual", async () => {
    const edited = await declared("ahead", (text) =>
      text.replace(/^ {2}con1:$/m, "$&\n    maxAhead: 2d").replace(/^ {2}con2:$/m, "$&\n    maxAhead: 30m"),
    );
    const told = edited.services.map((service) => [service.name, serviceSpec(edited, service, servers).maxAheadMs]);
    expect(Object.fromEntries(told)).toMatchObject({ con1: 172_800_000, con2: undefined });
  });

  test("has a digest that fits a folder name, of its own for each service", () => {
    const digests = [...releases.values()].map(({ digest }) => digest);
    for (const digest of digests) expect(digest).toMatch(/^[0-9a-f]{16}$/);
    expect(new Set(digests).size).toBe(digests.length);
  });

  test("is the same when nothing changes", async () => {
    const before = readdirSync(join(folder, "releases"));
    expect(await build(pipeline)).toEqual(releases);
    expect(readdirSync(join(folder, "releases"))).toEqual(before);
  });
});

describe("a change reaches the services that it concerns, and no other", () => {
  /** Names of the services whose release another pipeline file or another cluster would change. */
  async function changed(to: Pipeline, bootstrapServers?: readonly string[]): Promise<string[]> {
    const after = await build(to, bootstrapServers);
    return [...releases.keys()].filter((name) => release(releases, name).digest !== after.get(name)?.digest).sort();
  }
  const edited = (from: string | RegExp, to: string) =>
    declared("kafka_chaining", (text) => {
      if (text.search(from) < 0) throw new Error(`kafka_chaining.yaml has no ${from}`);
      return text.replace(from, to);
    });

  test.each<[string, string | RegExp, string, string[]]>([
    ["a parameter", "above: 50", "above: 55", ["con1"]],
    ["another parameter", "alpha: 0.5", "alpha: 0.4", ["con2"]],
    ["a comment", /^/, "# my own\n", []],
    ["the pace of the source", "every: 3s", "every: 1s", ["pro"]],
    ["the heap of a broker", "cluster:\n", "cluster:\n  kafka: { heap: 300m }\n", []],
    ["the host that a service runs on", /on: rpi1\b/, "on: rpi0", []],
  ])("%s", async (_, from, to, services) => {
    expect(await changed(await edited(from, to))).toEqual(services);
  });

  test("the source's values", async () => {
    const file = join(folder, "data", "kafka_chaining.txt");
    const values = readFileSync(file, "utf8");
    writeFileSync(file, `${values}20\n`);
    expect(await changed(pipeline)).toEqual(["pro"]);
    writeFileSync(file, values);
    expect(await changed(pipeline)).toEqual([]);
  });

  test("the brokers", async () => {
    expect(await changed(pipeline, ["10.42.0.250:9092"])).toEqual([...releases.keys()].sort());
  });

  test("the pipeline's name: its groups and topics carry it", async () => {
    expect(await changed(await declared("other"))).toEqual([...releases.keys()].sort());
  });
});

describe("what a service is told about itself", () => {
  const service = (name: string) => {
    const found = pipeline.services.find((one) => one.name === name);
    if (found === undefined) throw new Error(`no service ${name}`);
    return found;
  };

  test("is all it needs, and nothing of the machine that it was built on", () => {
    expect(serviceSpec(pipeline, service("con2"), servers)).toEqual({
      name: "con2",
      groupId: "kafka_chaining-con2",
      bootstrapServers: servers,
      input: { kind: "topic", topic: "temperatures_above_threshold" },
      apply: [{ operator: "ewma", params: { alpha: 0.5 } }],
      output: { kind: "topic", topic: "temperatures_ewma" },
      changelogTopic: "kafka_chaining-con2-changelog",
      deadLetterTopic: "kafka_chaining-con2-dead-letters",
    });
    expect(serviceSpec(pipeline, service("pro"), servers)).toMatchObject({
      input: { kind: "file", path: "kafka_chaining.txt", everyMs: 3000 },
      changelogTopic: "kafka_chaining-pro-changelog",
    });
    expect(JSON.stringify(pipeline.services.map((one) => serviceSpec(pipeline, one, servers)))).not.toContain(folder);
  });

  test("names no topic that it does not have", () => {
    expect(serviceSpec(pipeline, service("con1"), servers)).not.toHaveProperty("changelogTopic");
    expect(serviceSpec(pipeline, service("pro"), servers)).not.toHaveProperty("deadLetterTopic");
  });
});
