import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import {
  array,
  bytes,
  int16,
  int32,
  int64,
  MalformedMessageError,
  nullableString,
  Reader,
  string,
  struct,
  type Type,
  upTo,
  uuid,
  Writer,
} from "../../kafka/protocol/types.ts";

const fixed = { number: 1, flexible: false };
const flexible = { number: 5, flexible: true };

function encoded<T>(type: Type<T>, value: T, version = flexible): Buffer {
  const writer = new Writer(version);
  type.write(writer, value);
  const all = Buffer.concat(writer.pieces);
  expect(writer.size).toBe(all.length);
  return all;
}

const message = struct({
  id: uuid,
  old: upTo(3, int16, -7),
  parts: array(struct({ name: nullableString, at: int64, data: bytes })),
});
const anyMessage = fc.record({
  id: fc.uint8Array({ minLength: 16, maxLength: 16 }).map((each) => Buffer.from(each).toString("hex")),
  old: fc.integer({ min: -32768, max: 32767 }),
  parts: fc.array(
    fc.record({
      name: fc.option(fc.string({ unit: "grapheme" })),
      at: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
      // Some are so large that the writer keeps them as they are.
      data: fc.constantFrom(0, 1, 300, 20_000).map((length) => Buffer.alloc(length, length)),
    }),
    { maxLength: 5 },
  ),
});

test.each([
  ["flexible", flexible],
  ["fixed", fixed],
])("what was written in a %s version is read again", (_, version) => {
  fc.assert(
    fc.property(anyMessage, (value) => {
      const reader = new Reader(encoded(message, value, version), version);
      expect(message.read(reader)).toEqual({ ...value, old: version.number <= 3 ? value.old : -7 });
      expect(reader.left).toBe(0);
    }),
  );
});

describe("bytes are as the protocol guide has them", () => {
  test("of a string", () => {
    expect(encoded(string, "ab", fixed).toString("hex")).toBe("00026162");
    expect(encoded(string, "ab").toString("hex")).toBe("036162");
    expect(encoded(nullableString, null, fixed).toString("hex")).toBe("ffff");
    expect(encoded(nullableString, null).toString("hex")).toBe("00");
  });

  test("of an array, and of a structure with its tagged fields", () => {
    const type = array(struct({ at: int32 }));
    expect(encoded(type, [{ at: 1 }], fixed).toString("hex")).toBe("0000000100000001");
    expect(encoded(type, [{ at: 1 }]).toString("hex")).toBe("020000000100");
  });

  test("of a length with several bytes", () => {
    expect(encoded(bytes, Buffer.alloc(300)).subarray(0, 2).toString("hex")).toBe("ad02");
  });
});

test("a tagged field is read where it is known, and skipped where it is not", () => {
  const type = struct({ at: int16 }, { 2: "epoch" }, { epoch: int32 });
  const text = ["0007", "02", "01", "03", "aabbcc", "02", "04", "00000009"].join("");
  const reader = new Reader(Buffer.from(text, "hex"), flexible);
  expect(type.read(reader)).toEqual({ at: 7, epoch: 9 });
  expect(reader.left).toBe(0);
});

test.each([
  ["a string that is cut off", string, "0005616263"],
  ["an array that names more than there is", array(int16), "7fffffff0001"],
  ["a number that is cut off", int64, "00000000"],
  ["null where something has to be", string, "ffff"],
])("%s is refused before anything is made for it", (_, type, hex) => {
  const reader = new Reader(Buffer.from(hex, "hex"), fixed);
  expect(() => (type as Type<unknown>).read(reader)).toThrow(MalformedMessageError);
});
