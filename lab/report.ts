/** Receives a line of progress. */
export type Report = (line: string) => void;

/** Time since `performance.now()` said `start`, as people read it: `4.3 s`. */
export function seconds(start: number): string {
  return `${((performance.now() - start) / 1000).toFixed(1)} s`;
}
