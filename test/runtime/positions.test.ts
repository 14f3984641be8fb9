import { expect, test } from "@jest/globals";
import type { Inspector } from "../../runtime/kafka/kafka.ts";
import { committedAt, groupPositions, parseReadBefore, sourcePositions } from "../../runtime/positions.ts";

const never = () => Promise.reject(new Error("not asked for in this case"));
const inspector = (answers: Partial<Inspector>): Inspector => ({
  committedOffset: never,
  committed: never,
  earliestOffset: never,
  latestOffset: never,
  topicId: never,
  maxRecordBytes: never,
  recordAt: never,
  retireMembers: never,
  read: never,
  readToEnd: never,
  ...answers,
});

const source = { topic: "t", partition: 0 };

test("a group goes on from where it left off, and at the earliest record when it is new", async () => {
  const positions = groupPositions("p-con1");
  const earliestOffset = async () => 3n;
  expect(await positions.restore(inspector({ committed: async () => ({ offset: 17n }) }), new Map(), source)).toBe(17n);
  expect(
    await positions.restore(inspector({ committed: async () => undefined, earliestOffset }), new Map(), source),
  ).toBe(3n);
});

test("a group that was sent back carries along where it had been, until it is there again", async () => {
  const positions = groupPositions("p-con1");
  const sentBack = committedAt(3n, 17n);
  expect(parseReadBefore(sentBack)).toBe(17n);
  expect(await positions.restore(inspector({ committed: async () => sentBack }), new Map(), source)).toBe(3n);
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
