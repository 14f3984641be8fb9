import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterEach, expect, test } from "@jest/globals";

const root = fileURLToPath(new URL("../..", import.meta.url));
const files = ["pipelines/operators/fresh-delta.ts", "test/operators/fresh-delta.test.ts"] as const;
const [source, itsTest] = files.map((file) => `${root}${file}`) as [string, string];

function node(...args: string[]): { readonly status: number; readonly text: string } {
  try {
    return { status: 0, text: execFileSync(process.execPath, args, { cwd: root, encoding: "utf8", stdio: "pipe" }) };
  } catch (error) {
    const { status, stdout, stderr } = error as { status: number; stdout: string; stderr: string };
    return { status, text: stdout + stderr };
  }
}

const bramble = (...args: string[]) => node("--disable-warning=ExperimentalWarning", "cli/main.ts", ...args);

afterEach(() => {
  for (const file of [source, itsTest]) rmSync(file, { force: true });
});

test("a new operator comes with a test that passes, types and format that are right, and is never written over", () => {
  expect(bramble("operator", "new", "fresh-delta")).toEqual({
    status: 0,
    text: `created ${files[0]}
created ${files[1]}
Test it with \`make test ONLY=fresh-delta\`, then use it in a pipeline file: \`apply: [fresh-delta]\`
`,
  });
  const jest = fileURLToPath(import.meta.resolve("jest/bin/jest"));
  const flags = ["--experimental-vm-modules", "--no-warnings"];
  const tested = node(...flags, jest, "--selectProjects=unit", "--json", "--testPathPatterns", itsTest);
  expect(JSON.parse(tested.text)).toMatchObject({ success: true, numPassedTests: 2 });
  expect(node("node_modules/@biomejs/biome/bin/biome", "check", ...files).status).toBe(0);

  writeFileSync(source, "mine");
  rmSync(itsTest);
  expect(bramble("operator", "new", "fresh-delta")).toEqual({
    status: 1,
    text: `bramble: already there: ${files[0]}. Nothing was written; choose another name\n`,
  });
  expect(readFileSync(source, "utf8")).toBe("mine");
  expect(existsSync(itsTest)).toBe(false);
});

test.each([
  ["ewma", "ewma is a built-in operator, which cannot be replaced; choose another name"],
  ["Delta", "Expected a name in kebab-case, such as limit-step."],
  ["../x", "Expected a name in kebab-case, such as limit-step."],
])("%s is no name for one", (name, why) => {
  const { status, text } = bramble("operator", "new", name);
  expect({ status, text }).toEqual({ status: 1, text: expect.stringContaining(why) });
});
