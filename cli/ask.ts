import { createInterface } from "node:readline/promises";

/** What the answers to a question mean. */
interface Answers {
  /** What to do where there is no terminal to ask on. */
  readonly unasked?: string;
  /** What a no comes to: "Nothing was changed." */
  readonly otherwise: string;
}

/** Asks before something is changed, unless --yes has answered. Throws when the answer is anything but yes, or nobody can be asked. */
export async function agreed(
  question: string,
  yes: boolean,
  { unasked = "To answer yes, add --yes.", otherwise }: Answers,
): Promise<void> {
  if (yes) return;
  if (!process.stdin.isTTY) throw new Error(`there is no terminal to ask on. ${unasked}`);
  const prompt = createInterface({ input: process.stdin, output: process.stdout });
  try {
    if (!/^y(es)?$/i.test((await prompt.question(`${question} [y/N] `)).trim())) throw new Error(otherwise);
  } finally {
    prompt.close();
  }
}
