import { type Aggregate, aggregateOf, basisOf, compute, merged, resultOf } from "./aggregate.ts";
import { duration, positiveDuration } from "./duration.ts";
import { fold, forward, number } from "./operator.ts";
import { MAX_OPEN } from "./state-size.ts";
import { lateness } from "./window-time.ts";

interface State {
  /** The greatest event time seen: Kafka Streams' stream time, of one key. */
  readonly time: number;
  /** Windows that end by then have given their results, and stay closed also when `grace` grows one day. */
  readonly closedTo: number;
  /** Windows that may still get values, by their start. */
  readonly open: readonly { readonly start: number; readonly of: Aggregate }[];
}

/**
 * Windows of event time, each [start, start + size), that start at every whole multiple of `advance` since the epoch:
 * tumbling ones when `advance` is left out, hopping (overlapping) ones when it is shorter than `size`. A window gives its
 * result once, when a record of the same key comes whose event time is `grace` past its end; a record that comes after
 * all of its windows gave theirs is refused as late. Results have the event time of the window's last millisecond.
 * Source: Kafka Streams, TimeWindows.ofSizeAndGrace(size, grace).advanceBy(advance), EmitStrategy.onWindowClose.
 */
export const timeWindow = fold({
  params: {
    size: positiveDuration().describe("Length of a window"),
    advance: positiveDuration().optional().describe("Time from one window's start to the next; by default the size"),
    grace: duration().prefault("0s").describe("How long a window waits for late records after its end"),
    compute: compute(),
  },
  check: ({ size, advance = size, grace }) => {
    if (advance > size)
      return { at: "advance", expected: "a duration of at most the size (no record may fall between windows)" };
    if ((size + grace) / advance <= MAX_OPEN) return undefined;
    return { at: "advance", expected: `a longer duration (size and grace may cover at most ${MAX_OPEN} windows)` };
  },
  value: number(),
  initial: { time: 0, closedTo: 0, open: [] } as State,
  stateDependsOn: ({ size, advance = size, compute }) => ({
    size,
    ...(advance !== size && { advance }),
    ...basisOf(compute),
  }),
  step: ({ size, advance = size, grace, compute }, before, x, { timestampMs }) => {
    const time = Math.max(before.time, timestampMs);
    const closedTo = Math.max(before.closedTo, time - grace);
    const closed = ({ start }: { readonly start: number }) => start + size <= closedTo;
    const starts = startsOf(timestampMs, size, advance).filter((start) => !closed({ start }));
    if (starts.length === 0) throw lateness(timestampMs, time, grace);
    const one = aggregateOf(compute, x);
    const old = before.open.filter(({ start }) => !starts.includes(start));
    const touched = starts.map((start) => {
      const found = before.open.find((window) => window.start === start);
      return { start, of: found === undefined ? one : merged(found.of, one) };
    });
    const windows = [...old, ...touched].sort((a, b) => a.start - b.start);
    const results = windows.filter(closed).flatMap(({ start, of }) => {
      const result = resultOf(compute, of, { start, end: start + size });
      return result === undefined ? [] : [forward(result, { timestampMs: start + size - 1 })];
    });
    return [{ time, closedTo, open: windows.filter((window) => !closed(window)) }, results];
  },
});

/** Starts of the windows that a moment falls into; as in Kafka Streams, no window starts before the epoch. */
function startsOf(timestampMs: number, size: number, advance: number): number[] {
  const starts: number[] = [];
  for (let start = timestampMs - (timestampMs % advance); start > timestampMs - size && start >= 0; start -= advance) {
    starts.push(start);
  }
  return starts;
}
