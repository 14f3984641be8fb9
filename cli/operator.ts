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
    .description("make an operator and its test, which passes: bramble operator new delta")
    .argument("<name>", "name in kebab-case, as a pipeline file writes it", operatorName)
    .action((name: string) => createOperator(name));
  return new Command("operator").description("operators of your own").addCommand(create);
}

/** Writes pipelines/operators/NAME.ts and test/operators/NAME.test.ts below `root`; never over what is there. */
export async function createOperator(name: string, root = ROOT): Promise<void> {
  if ((await builtInOperators()).has(name)) {
    throw new Error(`found a built-in operator ${name}, wanted another name; bramble's own cannot be replaced`);
  }
  const files = {
    [`pipelines/operators/${name}.ts`]: operatorSource(name),
    [`test/operators/${name}.test.ts`]: operatorTest(name),
  };
  const there = Object.keys(files).filter((file) => existsSync(join(root, file)));
  if (there.length > 0)
    throw new Error(`found ${there.join(" and ")}, wanted a name that is free; nothing was written`);
  for (const [file, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, file)), { recursive: true });
    await writeFile(join(root, file), text, { flag: "wx" });
    console.log(`${file} is new`);
  }
  console.log(`Test it with make test ONLY=${name}, and name it under apply in a pipeline file: apply: [${name}]`);
}

function operatorName(text: string): string {
  if (OPERATOR_NAME.test(text)) return text;
  throw new InvalidArgumentError("wanted a name in kebab-case such as limit-step");
}
