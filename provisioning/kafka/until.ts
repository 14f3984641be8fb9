/** Looks again until `done`; in the end throws what was `found` all that time. */
export async function until(timeoutMs: number, found: string, done: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!(await done())) {
    if (Date.now() > deadline)
      throw new Error(`${found} within ${timeoutMs / 1000} s. See \`systemctl status kafka\` on the Pis.`);
    await pause();
  }
}

export function pause(): Promise<void> {
  return new Promise((resume) => setTimeout(resume, 250));
}
