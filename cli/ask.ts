import { createInterface } from "node:readline/promises";

/** Asks on the terminal and gives the answer as typed. Without a terminal it throws `otherwise`: what to do instead. */
export async function ask(question: string, otherwise: string): Promise<string> {
  if (!process.stdin.isTTY) throw new Error(`there is no terminal to ask on. ${otherwise}`);
  const prompt = createInterface({ input: process.stdin, output: process.stdout });
  try {
    return await prompt.question(question);
  } finally {
    prompt.close();
  }
}

/** Asks a yes/no question; anything but yes is a no. */
export async function confirmed(question: string, otherwise = "To answer yes, add --yes."): Promise<boolean> {
  return /^y(es)?$/i.test((await ask(`${question} [y/N] `, otherwise)).trim());
}
