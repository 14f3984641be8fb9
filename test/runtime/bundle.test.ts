import { cpSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, jest, test } from "@jest/globals";
import { type BundleOptions, bundleService } from "../../runtime/bundle.ts";
import type { ServiceSpec } from "../../runtime/service-spec.ts";

jest.setTimeout(60_000);

const projectRoot = process.cwd();
const operator = (name: string) => join(projectRoot, "operators", `${name}.ts`);

const spec: ServiceSpec = {
  name: "con2",
  groupId: "chaining-con2",
  bootstrapServers: ["10.42.0.250:9092"],
  input: { kind: "topic", topic: "temperatures_above_threshold" },
  apply: [{ operator: "ewma", params: { alpha: 0.5 } }],
  output: { kind: "topic", topic: "temperatures_ewma" },
};
const options: BundleOptions = { spec, operatorModules: { ewma: operator("ewma") }, projectRoot };

/** A folder of a user's, somewhere else than the project. */
function userOperator(source: string): string {
  const file = join(mkdtempSync(join(tmpdir(), "bramble-operator-")), "my-operator.ts");
  writeFileSync(file, source);
  return file;
}

describe("the bundle of a service", () => {
  let code: string;
  let digest: string;

  beforeAll(async () => {
    const bundle = await bundleService(options);
    code = Buffer.from(bundle.code).toString();
    digest = bundle.digest;
  });

  test("is the same each time", async () => {
    expect(await bundleService(options)).toMatchObject({ digest });
  });

  test("is the same from another folder, and names no folder of this machine", async () => {
    const elsewhere = mkdtempSync(join(tmpdir(), "bramble-elsewhere-"));
    for (const part of [
      "operators",
      "runtime",
      "kafka",
      "package.json",
      "tsconfig.json",
      "node_modules/kafkajs",
      "node_modules/zod",
    ]) {
      cpSync(join(projectRoot, part), join(elsewhere, part), { recursive: true });
    }
    const there = { ewma: join(elsewhere, "operators/ewma.ts") };
    const bundle = await bundleService({ spec, operatorModules: there, projectRoot: elsewhere });
    expect(bundle.digest).toBe(digest);
    expect(code).not.toContain(projectRoot);
    expect(code).not.toContain(elsewhere);
  });

  test("holds the operators it applies and no others", async () => {
    expect(code).toContain("Weight of the newest value"); // alpha, as ewma describes it
    expect(code).not.toContain("Values must be greater than this"); // above, as threshold does
    const unused = { ...options.operatorModules, threshold: operator("threshold") };
    expect(await bundleService({ ...options, operatorModules: unused })).toMatchObject({ digest });
  });

  test.each([
    ["a parameter", { ...spec, apply: [{ operator: "ewma", params: { alpha: 0.4 } }] }],
    ["a topic", { ...spec, output: { kind: "topic", topic: "elsewhere" } as const }],
    ["a broker", { ...spec, bootstrapServers: ["10.42.0.251:9092"] }],
  ])("is another when %s changes", async (_, changed) => {
    expect((await bundleService({ ...options, spec: changed })).digest).not.toBe(digest);
  });

  test("takes an operator of the user's from anywhere, and changes with it", async () => {
    const source = (factor: number) => `
      import { map, number } from "bramble/operator";
      export const times = map({ value: number(), step: (_, x) => ${factor} * x });`;
    const changed = { ...spec, apply: [{ operator: "times", params: {} }] };
    const bundles = await Promise.all(
      [2, 3].map((factor) =>
        bundleService({ ...options, spec: changed, operatorModules: { times: userOperator(source(factor)) } }),
      ),
    );
    expect(new Set(bundles.map((bundle) => bundle.digest)).size).toBe(2);
    const [first] = bundles;
    expect(Buffer.from(first?.code ?? "").toString()).toContain("2*x");
  });

  test("fails with location and reason for an operator that does not parse", async () => {
    const operatorModules = { ewma: userOperator("export const broken = ;") };
    await expect(bundleService({ ...options, operatorModules })).rejects.toThrow(
      /my-operator\.ts:1:22: ERROR: Unexpected ";"/,
    );
  });

  test("fails for an operator that was not given", async () => {
    await expect(bundleService({ ...options, operatorModules: {} })).rejects.toThrow(
      "con2 applies ewma, but no module",
    );
  });
});
