import { type Aggregate, aggregateOf, basisOf, compute, merged, resultOf } from "./aggregate.ts";
import { duration, positiveDuration } from "./duration.ts";
import { fold, forward, number } from "./operator.ts";
import { MAX_OPEN } from "./state-size.ts";
import { lateness } from "./window-time.ts";

interface Session {
  /** Event times of the first and the last value. */
  readonly start: number;
  readonly end: number;
  readonly of: Aggregate;
}

interface State {
  /** The greatest event time seen: Kafka Streams' stream time, of one key. */
  readonly time: number;
  /** Sessions that end, with their gap, before then have given their results, and stay closed also when `grace` grows. */
  readonly closedTo: number;
  /** Sessions that may still grow, by their start. */
  readonly open: readonly Session[];
}

/**
 * Sessions: runs of values with at most `gap` of event time from one to the next; both ends belong to the session. A value
 * that comes late may join two sessions to one. A session gives its result once, when a record of the same key comes whose
 * event time is more than gap + grace past its end; a record that would only have made or met a session that long past is
 * refused as late. Results have the event time of the session's last value.
 * Source: Kafka Streams, SessionWindows.ofInactivityGapAndGrace(gap, grace), EmitStrategy.onWindowClose.
 */
export const sessionWindow = fold({
  params: {
    gap: positiveDuration().describe("Longest pause within a session"),
    grace: duration().prefault("0s").describe("How much longer a session waits for late records"),
    compute: compute(),
  },
  check: ({ gap, grace }) =>
    grace / gap <= MAX_OPEN ? undefined : { at: "grace", expected: `a duration of at most ${MAX_OPEN} times the gap` },
  value: number(),
  initial: { time: 0, closedTo: 0, open: [] } as State,
  stateDependsOn: ({ gap, compute }) => ({ gap, ...basisOf(compute) }),
  step: ({ gap, grace, compute }, before, x, { timestampMs }) => {
    const time = Math.max(before.time, timestampMs);
    const closedTo = Math.max(before.closedTo, time - grace);
    const closed = ({ end }: Session) => end + gap < closedTo;
    const near = ({ start, end }: Session) => start - gap <= timestampMs && timestampMs <= end + gap;
    const session = before.open.filter(near).reduce(joined, {
      start: timestampMs,
      end: timestampMs,
      of: aggregateOf(compute, x),
    });
    if (closed(session)) throw lateness(timestampMs, time, grace);
    const sessions = [...before.open.filter((each) => !near(each)), session].sort((a, b) => a.start - b.start);
    const results = sessions.filter(closed).flatMap(({ start, end, of }) => {
      const result = resultOf(compute, of, { start, end });
      return result === undefined ? [] : [forward(result, { timestampMs: end })];
    });
    return [{ time, closedTo, open: sessions.filter((each) => !closed(each)) }, results];
  },
});

function joined(a: Session, b: Session): Session {
  return { start: Math.min(a.start, b.start), end: Math.max(a.end, b.end), of: merged(a.of, b.of) };
}
