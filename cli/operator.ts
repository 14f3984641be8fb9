import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Command, InvalidArgumentError } from "commander";
import { OPERATOR_NAME } from "../declaration/names.ts";
import { builtInOperators } from "../declaration/operator-catalogue.ts";
import { operatorSource, operatorTest } from "./operator-template.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

export function operatorCommand(): Command {
  const create = new Command("new")
    .description("create an operator and a test that passes: bramble operator new delta")
    .argument("<name>", "its name in pipeline files, in kebab-case", operatorName)
    .action((name: string) => createOperator(name));
  return new Command("operator").description("write your own operators").addCommand(create);
}

/** Writes pipelines/operators/NAME.ts and test/operators/NAME.test.ts below `root`, and never overwrites a file. */
export async function createOperator(name: string, root = ROOT): Promise<void> {
  if ((await builtInOperators()).has(name)) {
    throw new Error(`${name} is a built-in operator, which cannot be replaced; choose another name`);
  }
  const files = {
    [`pipelines/operators/${name}.ts`]: operatorSource(name),
    [`test/operators/${name}.test.ts`]: operatorTest(name),
  };
  const there = Object.keys(files).filter((file) => existsSync(join(root, file)));
  if (there.length > 0)
    throw new Error(`already there: ${there.join(" and ")}. Nothing was written; choose another name`);
  for (const [file, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, file)), { recursive: true });
    await writeFile(join(root, file), text, { flag: "wx" });
    console.log(`created ${file}`);
  }
  console.log(`Test it with \`make test ONLY=${name}\`, then use it in a pipeline file: \`apply: [${name}]\``);
}

function operatorName(text: string): string {
  if (OPERATOR_NAME.test(text)) return text;
  throw new InvalidArgumentError("Expected a name in kebab-case, such as limit-step.");
}
