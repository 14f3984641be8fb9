import {
  appendFileSync,
  closeSync,
  mkdtempSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, jest, test } from "@jest/globals";
import fc from "fast-check";
import { sourceValues } from "../../operators/source-values.ts";
import { decodeText, decodeValue } from "../../runtime/codec.ts";
import { recordsOf } from "../../runtime/follow-service.ts";
import { type FilePosition, FollowedFile } from "../../runtime/followed-file.ts";

let folder: string;
let path: string;
let said: string[];
let followed: FollowedFile;

beforeEach(() => {
  jest.useFakeTimers();
  folder = mkdtempSync(join(tmpdir(), "bramble-follow-"));
  path = join(folder, "sensor.txt");
  said = [];
  followed = follow();
});
afterEach(async () => {
  jest.useRealTimers();
  await followed.close();
  rmSync(folder, { recursive: true });
});

function follow(position?: FilePosition): FollowedFile {
  return new FollowedFile(path, position, (message) => said.push(message));
}

/** What there is to read now, and the position behind it. */
async function lines(file = followed): Promise<{ readonly text: string[]; readonly position?: FilePosition }> {
  const text: string[] = [];
  let position: FilePosition | undefined;
  for (let read = await file.read(); read !== undefined; read = await file.read()) {
    text.push(...read.lines.map(({ bytes }) => bytes.toString()));
    position = read.position;
  }
  return { text, ...(position && { position }) };
}

/** A file that lost its name is read until it has been quiet for a second. */
async function linesUntil(count: number, file = followed): Promise<string[]> {
  const text: string[] = [];
  while (text.length < count) {
    text.push(...(await lines(file)).text);
    jest.setSystemTime(Date.now() + 100);
  }
  return text;
}

test("a file need not be there yet; a line is read once it has its end", async () => {
  expect((await lines()).text).toEqual([]);
  expect(followed.isThere).toBe(false);
  writeFileSync(path, "1\n2\n3");
  expect((await lines()).text).toEqual(["1", "2"]);
  appendFileSync(path, "4\n\n5\n");
  expect((await lines()).text).toEqual(["34", "", "5"]);
});

test("after a restart it goes on behind the last line that was committed", async () => {
  writeFileSync(path, "1\n2\n");
  const { position } = await lines();
  appendFileSync(path, "3\n");
  await lines(); // read, but not committed
  const successor = follow(position);
  expect((await lines(successor)).text).toEqual(["3"]);
  await successor.close();
});

test("a file that is renamed is read to its end before the one that took its name", async () => {
  writeFileSync(path, "1\n");
  expect((await lines()).text).toEqual(["1"]);
  appendFileSync(path, "2\n");
  renameSync(path, `${path}.1`);
  writeFileSync(path, "4\n");
  appendFileSync(`${path}.1`, "3"); // by a program that still has it open
  expect(await linesUntil(3)).toEqual(["2", "3", "4"]);
  expect(said).toEqual([`${path} is another file now; reading it from the beginning`]);
});

test("a file that was renamed while nobody read it is found under its new name", async () => {
  writeFileSync(path, "1\n");
  const { position } = await lines();
  appendFileSync(path, "2\n");
  renameSync(path, `${path}.1`);
  writeFileSync(path, "3\n");
  const successor = follow(position);
  expect(await linesUntil(2, successor)).toEqual(["2", "3"]);
  await successor.close();
});

test("a file that was cut is read from its beginning, even when it is longer again", async () => {
  writeFileSync(path, "1\n2\n");
  const { position } = await lines();
  truncateSync(path);
  writeFileSync(path, "7\n8\n9\n");
  expect((await lines()).text).toEqual(["7", "8", "9"]);
  const successor = follow(position);
  expect((await lines(successor)).text).toEqual(["7", "8", "9"]);
  await successor.close();
  truncateSync(path);
  appendFileSync(path, "5\n");
  expect((await lines()).text).toEqual(["5"]);
  expect(new Set(said)).toEqual(new Set([`${path} was truncated or rewritten; reading it from the beginning`]));
});

const skipped = (nuls: number, at: number) =>
  `${path}: skipped ${nuls} NUL bytes at byte ${at}, as truncation leaves them under a program that does not append`;

test("truncated under a program that goes on writing where it was, it is read without the hole", async () => {
  const program = openSync(path, "w");
  writeSync(program, "1\n2\n".repeat(200));
  expect((await lines()).text).toHaveLength(400);
  // As copytruncate of logrotate(8) does; then the program writes behind a hole.
  truncateSync(path);
  writeSync(program, "3");
  expect((await lines()).text).toEqual([]);
  expect((await lines()).text).toEqual([]);
  writeSync(program, "4\n5\n");
  const { text, position } = await lines();
  expect(text).toEqual(["34", "5"]);
  // Now nobody looks in between: the file does not seem to have been truncated.
  writeSync(program, "lost\n");
  truncateSync(path);
  writeSync(program, "6\n");
  expect((await lines()).text).toEqual(["6"]);
  const successor = follow(position);
  expect((await lines(successor)).text).toEqual(["6"]);
  await successor.close();
  closeSync(program);
  expect(said).toEqual([
    `${path} was truncated or rewritten; reading it from the beginning`,
    skipped(800, 0),
    skipped(5, 805),
    skipped(5, 805),
  ]);
});

test("a hole that is longer than what is read at once, and one within", async () => {
  writeFileSync(path, Buffer.concat([Buffer.alloc(600_000), Buffer.from("1\n\0\0\x002\n")]));
  expect((await lines()).text).toEqual(["1", "2"]);
  expect(said).toEqual([skipped(600_000, 0)]);
});

test("room that a program has claimed and fills later is waited for", async () => {
  writeFileSync(path, "1\n");
  truncateSync(path, 600_000);
  const program = openSync(path, "r+");
  expect((await lines()).text).toEqual(["1"]);
  expect((await lines()).text).toEqual([]);
  writeSync(program, "2\n3", 2);
  expect((await lines()).text).toEqual(["2"]);
  writeSync(program, "3\n", 5);
  expect((await lines()).text).toEqual(["33"]);
  truncateSync(path, 700_000);
  writeSync(program, "4\n", 699_998);
  expect((await lines()).text).toEqual(["4"]);
  closeSync(program);
});

test("a byte order mark is no part of the first value", async () => {
  writeFileSync(path, "\ufeff20.5\r\n\ufeff21\n");
  const { text, position } = await lines();
  expect(text).toEqual(["20.5\r", "\ufeff21"]);
  appendFileSync(path, "22\n");
  const successor = follow(position);
  expect((await lines(successor)).text).toEqual(["22"]);
  await successor.close();
});

test.each([
  ["a byte order mark", "\ufeff", "x".repeat(600_000)],
  ["NULs where a piece ends", "", `${"x".repeat(262_000)}${"\0".repeat(300)}${"x".repeat(300_000)}`],
])("a line that is longer than what is read at once comes in pieces, also with %s", async (_, mark, line) => {
  writeFileSync(path, `${mark}${line}\n`);
  const { text } = await lines();
  expect(text.length).toBeGreaterThan(1);
  expect(text.join("").replaceAll("\0", "")).toBe(line.replaceAll("\0", ""));
});

test("UTF-16 is named, and read once it is UTF-8", async () => {
  writeFileSync(path, Buffer.from("\ufeff20\n", "utf16le"));
  await expect(followed.read()).rejects.toThrow("expected text in UTF-8, found UTF-16LE; let the program write UTF-8");
  writeFileSync(path, "20\n");
  expect((await lines()).text).toEqual(["20"]);
});

test.each(["number", "json", "text"] as const)(
  "as %s, a followed file has the values of one that is brought along",
  async (format) => {
    const value = {
      number: ["20.5", "-1e3", "7"],
      json: ['{"a":"ü"}', "[1, 2]", '"x\u2028y"'],
      text: ["ü", "a b", "\u00a0", "", "\t"],
    };
    const between = {
      number: ["\n", " ", "\r\n", "\r", "\u00a0", "\t\n"],
      json: ["\n", "\r\n", " \r", "\n\n"],
      text: ["\n", "\r\n"],
    };
    const parts = fc.array(fc.tuple(fc.constantFrom(...value[format]), fc.constantFrom(...between[format])), {
      minLength: 1,
    });
    await fc.assert(
      fc.asyncProperty(parts, fc.constantFrom("", "\ufeff"), async (all, mark) => {
        rmSync(path, { force: true });
        writeFileSync(path, `${mark}${all.flat().join("")}\n`);
        const file = follow();
        const read = await file.read();
        const found =
          read &&
          recordsOf(read, format, 0).map(({ value: bytes }) => ({
            value: decodeValue(bytes, format),
            text: decodeText(bytes, format),
          }));
        await file.close();
        const { values, malformed } = sourceValues(readFileSync(path), format);
        expect([found, malformed]).toEqual([values, []]);
        expect(values).toHaveLength(format === "text" ? all.length + 1 : all.length);
      }),
      { numRuns: 60 },
    );
  },
);

test("what cannot be read says so", async () => {
  path = folder;
  await expect(follow().read()).rejects.toThrow(/EISDIR/);
});

test("however a file grows and its reader restarts, each line is read once, in order", async () => {
  const pieces = fc.array(fc.tuple(fc.stringMatching(/^[a-c\n]{0,8}$/), fc.boolean()), { maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(pieces, async (all) => {
      rmSync(path, { force: true });
      let file = follow();
      let position: FilePosition | undefined;
      const text: string[] = [];
      for (const [piece, restarts] of all) {
        appendFileSync(path, piece);
        const read = await lines(file);
        text.push(...read.text);
        position = read.position ?? position;
        if (!restarts) continue;
        await file.close();
        file = follow(position);
      }
      await file.close();
      expect(text).toEqual(
        all
          .map(([piece]) => piece)
          .join("")
          .split("\n")
          .slice(0, -1),
      );
    }),
    { numRuns: 40 },
  );
});

test("from before any of its records on, also those on one line, the rest is read after a restart", async () => {
  // Beyond the first bytes that tell a file from another, and within them.
  writeFileSync(path, Array.from({ length: 100 }, (_, i) => `${3 * i} ${3 * i + 1}  ${3 * i + 2}\n`).join(""));
  const read = await followed.read();
  if (read === undefined) throw new Error("there are lines");
  const records = recordsOf(read, "number", 0);
  for (let from = 0; from < records.length; from += 7) {
    const again = follow(read.positionAt(Number(records[from]?.offset)));
    const rest = await again.read();
    await again.close();
    expect(rest && recordsOf(rest, "number", 0)).toEqual(records.slice(from));
  }
  expect(read.positionAt(read.position.offset)).toEqual(read.position);
  expect(said).toEqual([]);
});

test("a line holds numbers with white space between, a JSON value, or a text; each record knows its byte", () => {
  const values = (line: string, format: "number" | "json" | "text") =>
    recordsOf({ lines: [{ offset: 100, bytes: Buffer.from(line) }] }, format, 7).map(({ offset, value, timestamp }) => [
      Number(offset),
      String(value),
      timestamp,
    ]);
  expect(values(" 7  x\r", "number")).toEqual([
    [101, "7", "7"],
    [104, "x", "7"],
  ]);
  expect(values(' { "a": 1 }\r', "json")).toEqual([[101, '{ "a": 1 }', "7"]]);
  expect(values(" ", "json")).toEqual([]);
  expect(values(" voil\u00e0\rb \r", "text")).toEqual([[100, " voil\u00e0\rb ", "7"]]);
});
