import { execFileSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { CONTESTANTS } from "../../bench/runtime/contestants.ts";

test("what is in Python is Python", () => {
  const folder = join(import.meta.dirname, "../../bench/runtime");
  const files = ["probe.py", ...readdirSync(join(folder, "clients")).map((name) => `clients/${name}`)].filter((name) =>
    name.endsWith(".py"),
  );
  expect(files).toHaveLength(CONTESTANTS.length);
  for (const file of files) {
    execFileSync("python3", ["-c", "import ast, sys; ast.parse(open(sys.argv[1]).read())", join(folder, file)]);
  }
});
