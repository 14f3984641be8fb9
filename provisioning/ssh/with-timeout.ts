/** What `work` gives, or the error of `late` when it takes longer; `late` is told the limit in words. */
export async function withTimeout<T>(limitMs: number, work: Promise<T>, late: (limit: string) => Error): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(late(`within ${limitMs / 1000} s`)), limitMs);
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
  }
}
