import { createInterface } from "node:readline/promises";

/** Asks on the terminal and gives the answer as it was typed; where there is none to ask on it throws what to do instead. */
export async function ask(question: string, otherwise: string): Promise<string> {
  if (!process.stdin.isTTY) throw new Error(`found no terminal to ask on${otherwise}`);
  const prompt = createInterface({ input: process.stdin, output: process.stdout });
  try {
    return await prompt.question(question);
  } finally {
    prompt.close();
  }
}

/** The same for what is to be done after a yes, which is no when it is not said. */
export async function confirmed(question: string, otherwise = ", wanted a yes; add --yes"): Promise<boolean> {
  return /^y(es)?$/i.test((await ask(`${question} [y/N] `, otherwise)).trim());
}
