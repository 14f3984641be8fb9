import { beforeEach, describe, expect, test } from "@jest/globals";
import type { Committed, Inspector } from "../../kafka/kafka.ts";
import {
  committedAt,
  groupPositions,
  type LostOffsets,
  lossOf,
  parseReadBefore,
  sourcePositions,
} from "../../runtime/positions.ts";

const never = () => Promise.reject(new Error("not asked for in this case"));
const inspector = (answers: Partial<Inspector>): Inspector => ({
  committed: never,
  endOfEpoch: never,
  describe: never,
  earliestOffset: never,
  latestOffset: never,
  topicId: never,
  maxRecordBytes: never,
  recordAt: never,
  damagedBatch: never,
  retireMembers: never,
  read: never,
  readToEnd: never,
  ...answers,
});

const source = { topic: "t", partition: 0 };

describe("a group", () => {
  const lost: LostOffsets[] = [];
  beforeEach(() => {
    lost.length = 0;
  });
  const restored = (answers: Partial<Inspector>) => {
    const bounds = { earliestOffset: async () => 3n, latestOffset: async () => 30n };
    const positions = groupPositions("p-con1", (each) => lost.push(each));
    return positions.restore(inspector({ ...bounds, ...answers }), new Map(), source);
  };
  const committed = (offset: bigint, leaderEpoch?: number) => ({
    committed: async () => ({ offset, leaderEpoch }),
  });

  test("goes on from where it left off, and at the earliest record when it is new", async () => {
    expect(await restored(committed(17n))).toBe(17n);
    expect(await restored({ ...committed(17n, 4), endOfEpoch: async () => 17n })).toBe(17n);
    expect(await restored({ committed: async () => undefined })).toBe(3n);
    expect(lost).toEqual([]);
  });

  test("is told of what was deleted before it was read", async () => {
    expect(await restored(committed(1n))).toBe(3n);
    expect(lost).toEqual([{ ...source, reason: "deleted", from: 1n, to: 3n }]);
  });

  test("goes back to where the log ends, after the broker lost the end of it", async () => {
    expect(await restored({ ...committed(40n), latestOffset: async () => 37n })).toBe(37n);
    expect(lost).toEqual([{ ...source, reason: "truncated", from: 37n, to: 40n }]);
  });

  test("goes back to where the log became another one, although it is longer by now", async () => {
    const asked: number[] = [];
    const endOfEpoch = async (_: unknown, epoch: number) => {
      asked.push(epoch);
      return 17n;
    };
    expect(await restored({ ...committed(20n, 4), endOfEpoch })).toBe(17n);
    expect(asked).toEqual([4]);
    expect(lost).toEqual([{ ...source, reason: "truncated", from: 17n, to: 20n }]);
  });

  test("keeps the epoch with its position", () => {
    expect(groupPositions("p-con1", () => {}).moveTo(source, 7n, 4)).toEqual({
      consumed: [{ groupId: "p-con1", partition: source, offset: 7n, leaderEpoch: 4 }],
    });
  });
});

test("a loss is told in one line, with offsets and reason", () => {
  expect(lossOf({ ...source, reason: "deleted", from: 1n, to: 3n })).toBe(
    "t/0: offsets 1 to 2 were deleted before they were read, as retention.ms and retention.bytes say; going on at 3",
  );
  expect(lossOf({ ...source, reason: "truncated", from: 17n, to: 20n })).toBe(
    "t/0: offsets 17 to 19 were read, and then lost by the broker, whose log ended before them, as after a power cut; going on at 17",
  );
});

test("a group that was sent back carries along where it had been, until it is there again", async () => {
  const positions = groupPositions("p-con1", () => {});
  const sentBack = committedAt(3n, 17n);
  const bounds = { earliestOffset: async () => 0n, latestOffset: async () => 30n };
  const there = (committed: Committed) => inspector({ ...bounds, committed: async () => committed });
  expect(parseReadBefore(sentBack)).toBe(17n);
  expect(await positions.restore(there(sentBack), new Map(), source)).toBe(3n);
  expect(positions.readBefore?.(source)).toBe(17n);
  const moved = [16n, 17n, 18n].flatMap((offset) => positions.moveTo(source, offset).consumed ?? []);
  expect(moved.map(parseReadBefore)).toEqual([17n, 17n, 18n]);
});

test("a source goes on in the file where it left off", async () => {
  const positions = sourcePositions("digest of the file");
  const { changelog } = positions.moveTo(source, 5n);
  const kept = new Map(changelog && [[changelog.key, changelog.value]]);
  expect(changelog?.key).toBe(positions.key);
  expect(await positions.restore(inspector({}), kept, source)).toBe(5n);
  expect(await positions.restore(inspector({}), new Map(), source)).toBe(0n);
});

test("a source starts at the beginning of a file with another content", async () => {
  const { changelog } = sourcePositions("old content").moveTo(source, 5n);
  const kept = new Map(changelog && [[changelog.key, changelog.value]]);
  expect(await sourcePositions("new content").restore(inspector({}), kept, source)).toBe(0n);
});
