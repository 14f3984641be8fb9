import { appendFileSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
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

test("what another hand adds while it is written stands nowhere between the lines", async () => {
  const file = await opened();
  await written(file, "1");
  appendFileSync(path, "mine\n");
  await written(file, "2");
  expect(content()).toBe("1\n2\n");
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
