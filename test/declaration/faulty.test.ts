import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { PipelineError } from "../../declaration/diagnostic.ts";
import { loadPipeline } from "../../declaration/load-pipeline.ts";

// Beside every faulty file stands NAME.txt with the exact lines that it must be refused with.
const folder = "test/declaration/faulty";
const files = globSync("**/*.yaml", { cwd: folder }).sort();

async function refusal(file: string): Promise<unknown> {
  try {
    return await loadPipeline(file);
  } catch (error) {
    return error;
  }
}

describe("a faulty pipeline file is refused with every fault at its line and column, or at the file where the file itself is the problem", () => {
  test.each(files)("%s", async (name) => {
    const file = join(folder, name);
    const expected = readFileSync(file.replace(/\.yaml$/, ".txt"), "utf8").trimEnd();
    const error = await refusal(file);
    expect(error).toBeInstanceOf(PipelineError);
    expect((error as PipelineError).message.split("\n")).toEqual(expected.split("\n"));
  });
});

test("a file that is not there, with the name of one that is near", async () => {
  expect(await refusal("pipelines/kafka_chain.yaml")).toMatchObject({
    message: "pipelines/kafka_chain.yaml: no such file; did you mean kafka_chaining.yaml?",
  });
  expect(await refusal("nowhere/x.yaml")).toMatchObject({
    message: "nowhere/x.yaml: no such file",
  });
  expect(await refusal("pipelines")).toMatchObject({
    message: "pipelines: expected a pipeline file, found something that cannot be read (EISDIR)",
  });
});
