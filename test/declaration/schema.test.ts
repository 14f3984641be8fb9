import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { Ajv } from "ajv";
import { parse } from "yaml";
import type { JsonSchema } from "../../declaration/describe-schema.ts";
import { pipelineJsonSchema } from "../../declaration/json-schema.ts";
import { loadPipeline } from "../../declaration/load-pipeline.ts";
import { runOffline } from "../../declaration/offline.ts";
import { builtInOperators } from "../../declaration/operator-catalogue.ts";

const written: JsonSchema = JSON.parse(readFileSync("declaration/pipeline.schema.json", "utf8"));
const manual = readFileSync("pipelines/reference.yaml", "utf8");
/** The manual with what it has in a comment, as it can stand only in zookeeper's place. */
const withKraft = manual
  .replace(/^ {2}zookeeper:\n( {4}.*\n)+/m, "")
  .replace(/^ {4}version: .*\n/m, "")
  .replace(/^ {2}# kraft:\n( {2}# .*\n)+/m, (block) => block.replaceAll(/^ {2}# /gm, "  "));
const reference = parse(manual);
reference.cluster.kraft = parse(withKraft).cluster.kraft;

interface Key {
  readonly path: string;
  readonly schema: JsonSchema;
}

/** Every key that the schema has; * stands for any name, [] for any place in a list. */
function keysOf(schema: JsonSchema, path = ""): Key[] {
  const branches = (schema.anyOf ?? []) as JsonSchema[];
  const below = Object.entries((schema.properties ?? {}) as Record<string, JsonSchema>).map(
    ([key, each]): [string, JsonSchema] => [`${path}/${key}`, each],
  );
  if (typeof schema.additionalProperties === "object")
    below.push([`${path}/*`, schema.additionalProperties as JsonSchema]);
  if (typeof schema.items === "object") below.push([`${path}/[]`, schema.items as JsonSchema]);
  return [
    ...branches.flatMap((branch) => keysOf(branch, path)),
    ...below.flatMap(([at, each]) => [{ path: at, schema: each }, ...keysOf(each, at)]),
  ];
}

/** All values of a document under such a path. */
function valuesAt(value: unknown, steps: readonly string[]): unknown[] {
  const [step, ...rest] = steps;
  if (step === undefined) return [value];
  if (typeof value !== "object" || value === null) return [];
  const next =
    step === "*" || step === "[]"
      ? Object.values(value)
      : Object.entries(value).flatMap(([k, v]) => (k === step ? [v] : []));
  return next.flatMap((each) => valuesAt(each, rest));
}

/** An operator under apply, or a filter under a branch. */
const OPERATOR = /(apply\/\[\]|to\/\[\]\/\*)\/[a-z-]+$/;
const keys = keysOf(written).filter(({ schema }) => schema.not === undefined);

describe("the schema for editors", () => {
  test("is up to date: if not, run what declaration/write-schema.ts says", async () => {
    expect(written).toEqual(pipelineJsonSchema(await builtInOperators()));
  });

  test("describes every key that is not a name of the user's own", () => {
    const undescribed = keys.filter(({ path, schema }) => !/[*\]]$/.test(path) && schema.description === undefined);
    // An operator's description is its docstring.
    expect(undescribed.filter(({ path }) => !OPERATOR.test(path)).map(({ path }) => path)).toEqual([
      "/services/*/sink/log",
    ]);
  });

  const validate = new Ajv({ strict: false }).compile(written);
  const file = (service: string) =>
    parse(`{ cluster: { hosts: { rpi0: 10.42.0.250 } }, services: { con: ${service} } }`);

  test("takes kraft in place of zookeeper", () => {
    validate(parse(withKraft));
    expect(validate.errors).toBeNull();
  });

  test.each(["kafka_chaining", "kafka_example", "reference"])("takes %s", (name) => {
    validate(parse(readFileSync(`pipelines/${name}.yaml`, "utf8")));
    expect(validate.errors).toBeNull();
  });

  test.each([
    "{ on: rpi0, from: a, apply: [round, { ewma: { alpha: 1 } }, my-own, { my-own: { any: thing } }], sink: log }",
    "{ on: rpi0, from: [a, b], to: [{ hot: { threshold: { above: 1 }, field: c } }, { mine: my-own }, cold] }",
    "{ on: rpi0, from: a, apply: [add-noise, { add-noise: { seed: 1 } }], sink: { log: { stages: true } } }",
  ])("takes %s", (service) => {
    validate(file(service));
    expect(validate.errors).toBeNull();
  });

  test.each([
    "{ on: rpi0, from: a, apply: [{ ewma: { alpha: 1.5 } }], sink: log }",
    "{ on: rpi0, from: a, apply: [{ ewma: { alhpa: 0.5 } }], sink: log }",
    "{ on: rpi0, from: a, apply: [ewma], sink: log }",
    "{ on: rpi0, from: a, apply: [threshold], sink: log }",
    "{ on: rpi0, from: a, apply: [{ threshold: {} }], sink: log }",
    "{ on: rpi0, from: a, apply: [Round], sink: log }",
    "{ on: rpi0, from: a, apply: [{ round: {}, threshold: { above: 1 } }], sink: log }",
    "{ on: rpi0, from: a, apply: [{ round: {}, threshold: { above: 1 }, field: b }], sink: log }",
    "{ on: rpi0, from: a, apply: [{ round: {}, field: [b] }], sink: log }",
    "{ on: rpi0, from: a, apply: round, sink: log }",
    "{ on: rpi0, from: a, sink: journal }",
    "{ on: rpi0, from: [], sink: log }",
    "{ on: rpi0, from: a, to: [{ hot: { threshold: { over: 1 } } }] }",
    "{ on: rpi0, from: a, to: [{ hot: { threshold: { above: 1 } }, cold: my-own }] }",
    "{ on: rpi0, from: a, to: { hot: { threshold: { above: 1 } } } }",
    "{ on: rpi0, from: a, to: b, replica: 2 }",
    "{ on: rpi0, source: { file: v.txt, every: 3 sec }, to: a }",
  ])("does not take %s", (service) => {
    expect(validate(file(service))).toBe(false);
  });
});

describe("pipelines/reference.yaml, the manual", () => {
  const paths = keys.map(({ path }) => path).filter((path) => !OPERATOR.test(path));

  test.each(paths)("has %s", (path) => {
    expect(valuesAt(reference, path.split("/").slice(1))).not.toEqual([]);
  });

  test("shows what each key is by default, where it shows no example", () => {
    const examples = [
      "/cluster/kafka",
      "/cluster/kafka/config",
      "/topics/*/config",
      "/topics/*/partitions",
      "/topics/*/format",
      "/services/*/source/format",
      "/services/*/source/follow",
      "/services/*/apply",
      "/services/*/apply/[]/add-noise/amplitude",
    ];
    for (const { path, schema } of keys) {
      if (schema.default === undefined || examples.includes(path)) continue;
      for (const value of valuesAt(reference, path.split("/").slice(1)))
        expect({ path, value }).toEqual({ path, value: schema.default });
    }
  });

  test("loads and runs", async () => {
    const pipeline = await loadPipeline("pipelines/reference.yaml");
    const { topics, sinks, deadLetters } = await runOffline(pipeline);
    expect(topics.get("readings")).toHaveLength(10);
    expect(sinks.get("smoother")?.length).toBeGreaterThan(0);
    expect(deadLetters.size).toBe(0);
  });

  test("loads with what is in its comment in zookeeper's place", async () => {
    const folder = mkdtempSync(join(tmpdir(), "bramble-reference-"));
    for (const part of ["data", "pipelines"]) cpSync(part, join(folder, part), { recursive: true });
    const file = join(folder, "pipelines/kraft.yaml");
    writeFileSync(file, withKraft);
    const { cluster } = await loadPipeline(file).finally(() => rmSync(folder, { recursive: true }));
    expect(cluster).toMatchObject({ kafka: { version: "4.3.1" }, metadata: { mode: "kraft" } });
  });

  test("names the built-in operators, each with its parameters", async () => {
    const applied: unknown[] = Object.values(reference.services as Record<string, { apply?: unknown[] }>).flatMap(
      ({ apply }) => apply ?? [],
    );
    const names = applied.map((entry) => (typeof entry === "string" ? entry : Object.keys(entry as object)[0]));
    expect(names).toEqual(expect.arrayContaining([...(await builtInOperators()).keys()]));
  });
});
