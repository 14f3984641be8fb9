import { existsSync } from "node:fs";
import { configFile, configure, mustUp, newStack, type PulumiRun, trust } from "./stack.ts";
import { flashAll, haveLab } from "./virtual-pis.ts";

/** Bare Pis, trusted, with an empty stack that wants this pipeline. */
export async function bareWith(pipeline: string): Promise<void> {
  await flashAll();
  await newStack();
  configure({ pipeline });
  await trust();
}

/** Whatever an earlier file left, made to be this pipeline; from bare Pis when there is nothing. */
export async function haveDeployed(pipeline: () => string): Promise<PulumiRun> {
  if ((await haveLab()) === "bare" || !existsSync(configFile)) {
    await newStack();
    configure({ pipeline: pipeline() });
    await trust();
  }
  configure({ pipeline: pipeline() });
  return mustUp();
}
