/** Room for what a garbage collector leaves to its next round: a tenth, and some MiB. */
const GROWTH = 1.1;
const SLACK_MIB = 8;

export interface Flatness {
  readonly isFlat: boolean;
  /** Typical sizes early, once everything has been used once, and at the end, in the samples' unit. */
  readonly early: number;
  readonly late: number;
}

/**
 * Whether memory stays where it is. The first quarter of the samples is warming up; of the second and of the last the
 * medians are compared, so that neither a peak nor a lucky moment decides.
 * @param samples resident size in MiB at regular times; at least eight
 */
export function flatness(samples: readonly number[]): Flatness {
  if (samples.length < 8) throw new Error(`found ${samples.length} samples, wanted 8 at least`);
  const quarter = Math.floor(samples.length / 4);
  const early = median(samples.slice(quarter, 2 * quarter));
  const late = median(samples.slice(-quarter));
  return { isFlat: late <= early * GROWTH + SLACK_MIB, early, late };
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
