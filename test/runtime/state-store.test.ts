import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { StateStore } from "../../runtime/state-store.ts";

const folder = () => mkdtempSync(join(tmpdir(), "bramble-store-"));

test("a store outlives its process, with the offset that it has reached", () => {
  const path = join(folder(), "0.sqlite");
  const before = new StateStore(path);
  before.begin("topic", 3n);
  before.write(
    [
      ["0/0/ewma/a", "1.5"],
      ["0/0/ewma/b", "2"],
      ["0/0/ewma/b", null],
    ],
    { offset: 9_007_199_254_740_991n, leaderEpoch: 3 },
  );
  before.close();
  const after = new StateStore(path);
  expect(after.origin).toEqual({ topicId: "topic", offset: 9_007_199_254_740_991n, leaderEpoch: 3 });
  expect([after.get("0/0/ewma/a"), after.get("0/0/ewma/b")]).toEqual(["1.5", undefined]);
  after.close();
});

test("a write that fails in the middle leaves everything as it was, its offset too", () => {
  const store = new StateStore(":memory:");
  store.begin("topic", 0n);
  store.write([["a", "1"]], { offset: 1n });
  const failing = function* (): Iterable<[string, string]> {
    yield ["a", "2"];
    throw new Error("the disk is gone");
  };
  expect(() => store.write(failing(), { offset: 2n })).toThrow("the disk is gone");
  expect([store.get("a"), store.origin?.offset]).toEqual(["1", 1n]);
});

test.each([
  ["in the middle", (length: number) => length / 2],
  ["at its head", () => 0],
])("a file that was torn %s is found out, and gone for whoever opens it next", (_, where) => {
  const path = join(folder(), "0.sqlite");
  const whole = new StateStore(path);
  whole.begin("topic", 0n);
  const entries = Array.from({ length: 5000 }, (_, i) => [`key ${i}`, "x".repeat(50)] as const);
  whole.write(entries, { offset: 5000n });
  whole.close();
  tear(path, where);
  const readAll = () => {
    const store = new StateStore(path);
    try {
      for (const [name] of entries) store.get(name);
      return store.origin;
    } finally {
      store.close();
    }
  };
  expect(() => readAll() ?? raise("begun anew")).toThrow(/malformed|begun anew/);
  expect(readAll()).toBeUndefined();
});

/** Writes over some pages of the file, as a bad card does. */
function tear(path: string, where: (length: number) => number): void {
  const bytes = readFileSync(path);
  bytes.fill(0x5a, where(bytes.length), where(bytes.length) + 16_384);
  writeFileSync(path, bytes);
}

function raise(message: string): never {
  throw new Error(message);
}
