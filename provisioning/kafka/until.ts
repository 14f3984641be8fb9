/** Looks again until `done`. When that takes too long, it throws what is `still` so. */
export async function until(timeoutMs: number, still: string, done: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!(await done())) {
    if (Date.now() > deadline)
      throw new Error(`${still} after ${timeoutMs / 1000} s. See \`systemctl status kafka\` on the Pis.`);
    await pause();
  }
}

export function pause(): Promise<void> {
  return new Promise((resume) => setTimeout(resume, 250));
}
