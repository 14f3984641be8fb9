import {
  appendFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, expect, test } from "@jest/globals";
import { AppendedFile, type Kept } from "../../runtime/appended-file.ts";

let folder: string;
let path: string;
let said: string[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "bramble-appended-"));
  path = join(folder, "means.txt");
  said = [];
});

/** As a process that starts finds it, when so much is committed. */
async function opened(kept?: Kept): Promise<AppendedFile> {
  const file = new AppendedFile(path, kept, (message) => said.push(message.replaceAll(folder, "")));
  await file.restore();
  return file;
}

/** One transaction: what it committed. */
async function written(file: AppendedFile, ...lines: string[]): Promise<Kept> {
  await file.begin();
  return file.append(lines);
}

const content = (name = "means.txt") => readFileSync(join(folder, name), "utf8");

test("lines come one after the other, also those of the next process", async () => {
  const first = await opened();
  expect(readdirSync(folder)).toEqual([]);
  expect(await first.begin()).toMatchObject({ length: 0 });
  await first.append(["1", "2"]);
  const kept = await written(first, "3");
  expect(kept.length).toBe(6);
  await first.close();
  const second = await opened(kept);
  expect(await second.begin()).toBeUndefined();
  await second.append(["ü", ""]);
  expect(content()).toBe("1\n2\n3\nü\n\n");
  expect(said).toEqual([]);
});

test("what was written and not committed is cut off when it is found again, before anything else is written", async () => {
  const first = await opened();
  const kept = await written(first, "1", "2");
  await first.append(["3", "4"]);
  const second = await opened(kept);
  expect(content()).toBe("1\n2\n");
  expect(said).toEqual(["/means.txt: removed 4 bytes that were not committed"]);
  await written(second, "3");
  expect(content()).toBe("1\n2\n3\n");
});

test("also when it has another name meanwhile", async () => {
  const first = await opened();
  const kept = await written(first, "1");
  await first.append(["2"]);
  renameSync(path, join(folder, "means.txt.1"));
  const second = await opened(kept);
  expect(await second.begin()).toMatchObject({ length: 0 });
  await second.append(["2"]);
  expect([content("means.txt.1"), content()]).toEqual(["1\n", "2\n"]);
});

test("a file that is given another name while it is written is followed by a new one", async () => {
  const file = await opened();
  const { inode } = await written(file, "1");
  renameSync(path, join(folder, "means.txt.1"));
  const begun = await file.begin();
  expect(begun).toMatchObject({ length: 0 });
  expect(begun?.inode).not.toBe(inode);
  await file.append(["2"]);
  expect([content("means.txt.1"), content()]).toEqual(["1\n", "2\n"]);
  expect(said).toEqual(["/means.txt was renamed or removed; starting a new file"]);
});

test("one that is gone is begun anew, and one that somebody cut goes on behind what is left", async () => {
  const first = await opened();
  const kept = await written(first, "1", "2");
  writeFileSync(path, "1\n");
  const second = await opened(kept);
  const after = await written(second, "3");
  expect(content()).toBe("1\n3\n");
  rmSync(path);
  const third = await opened(after);
  await written(third, "4");
  expect(content()).toBe("4\n");
  expect(said).toEqual([
    "/means.txt: expected the 4 bytes that were written, found 2; continuing at the end of the file",
    "/means.txt: the file of 4 bytes is gone",
  ]);
});

test("what another program adds while it is written stands beside it, and nowhere between the lines", async () => {
  const file = await opened();
  await written(file, "1");
  appendFileSync(path, "mine\n".repeat(20_000));
  await written(file, "2");
  expect(content()).toBe("1\n2\n");
  expect(content("means.txt.1")).toBe("mine\n".repeat(20_000));
  expect(said).toEqual(["/means.txt: another program added 100000 bytes; they were moved to /means.txt.1"]);
  await written(file, "3");
  expect(content()).toBe("1\n2\n3\n");
});

/** The file of the name, as if it had got the inode of the one that was kept. */
const reused = (kept: Kept): Kept => ({ ...kept, inode: statSync(path).ino });

/** As on a file system that does not tell when a file was made. */
const unborn = ({ bornNs: _, ...kept }: Kept): Kept => kept;

test.each([
  ["a longer file", "notes of mine\n", (kept: Kept) => kept],
  ["one that has the same beginning", "1\n2\n and notes of mine\n", (kept: Kept) => kept],
  ["one that is shorter", "7\n", (kept: Kept) => kept],
  ["a longer file whose time nobody knows", "notes of mine\n", unborn],
  ["a shorter file whose time nobody knows", "7\n", unborn],
])("%s that got the inode keeps its content, under another name", async (_, notes, known) => {
  const first = await opened();
  const kept = await written(first, "1", "2");
  await first.close();
  rmSync(path);
  writeFileSync(path, notes);
  const bornLater = { ...kept, ...(kept.bornNs && { bornNs: String(BigInt(kept.bornNs) - 1n) }) };
  const second = await opened(known(reused(bornLater)));
  expect(content()).toBe(notes);
  await written(second, "3");
  expect([content(), content("means.txt.1")]).toEqual(["3\n", notes]);
  expect(said).toEqual([
    "/means.txt: the file of 4 bytes is gone",
    "/means.txt: the file is not of this service; it was renamed to /means.txt.1",
  ]);
});

test("before its first line is committed, too", async () => {
  const first = await opened();
  const kept = (await first.begin()) as Kept;
  await first.close();
  rmSync(path);
  writeFileSync(path, "notes of mine\n");
  const second = await opened(reused({ ...kept, bornNs: "1" }));
  await written(second, "1");
  expect([content(), content("means.txt.1")]).toEqual(["1\n", "notes of mine\n"]);
});

test.each([
  ["while it is written", false],
  ["while nobody writes it", true],
])("a file that somebody edits in place %s keeps the edit, under another name", async (_, restarts) => {
  let file = await opened();
  const kept = await written(file, "1", "2");
  if (restarts) await file.close();
  writeFileSync(path, "one\n2\nand more\n");
  if (restarts) file = await opened(kept);
  await written(file, "3");
  expect([content(), content("means.txt.1")]).toEqual(["3\n", "one\n2\nand more\n"]);
});

test("a file that somebody cut in the middle of a line is not continued there", async () => {
  const first = await opened();
  const kept = await written(first, "10", "20");
  writeFileSync(path, "10\n2");
  const second = await opened(kept);
  await written(second, "3");
  expect([content(), content("means.txt.1")]).toEqual(["3\n", "10\n2"]);
});

test("what was committed by a release that knew a file by its inode alone is found again, and known better from then on", async () => {
  const first = await opened();
  const { inode, length } = await written(first, "1", "2");
  appendFileSync(path, "not committed\n");
  const second = await opened({ inode, length });
  const kept = await written(second, "3");
  expect(content()).toBe("1\n2\n3\n");
  expect(kept).toMatchObject({ inode, length: 6, tail: expect.stringMatching(/^[0-9a-f]{64}$/) });
});

test("a long file is known by its last bytes, whichever process wrote them", async () => {
  let file = await opened();
  let kept = await written(file, ...Array.from({ length: 3000 }, (_, i) => `${i}`));
  for (let i = 0; i < 3; i++) {
    await file.close();
    appendFileSync(path, "not committed\n");
    file = await opened(kept);
    kept = await written(file, "x".repeat(10 ** (i + 2)));
  }
  expect(content().endsWith(`2999\n${"x".repeat(100)}\n${"x".repeat(1000)}\n${"x".repeat(10_000)}\n`)).toBe(true);
  expect(readdirSync(folder)).toEqual(["means.txt"]);
});

test("a file that is there already, as of a service of the same name before, keeps its content under another name", async () => {
  writeFileSync(path, "old\n");
  writeFileSync(join(folder, "means.txt.1"), "older\n");
  const file = await opened();
  await written(file, "1");
  expect([content(), content("means.txt.1"), content("means.txt.2")]).toEqual(["1\n", "older\n", "old\n"]);
  expect(said).toEqual(["/means.txt: the file is not of this service; it was renamed to /means.txt.2"]);
});

test("an empty one is used as it is: a crash before the first commit leaves nothing behind", async () => {
  const file = await opened();
  await file.begin();
  const again = await opened();
  await written(again, "1");
  expect(readdirSync(folder)).toEqual(["means.txt"]);
});
