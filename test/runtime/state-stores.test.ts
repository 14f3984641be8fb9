import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, expect, jest, test } from "@jest/globals";
import { StateStores } from "../../runtime/state-stores.ts";
import { FakeChangelog } from "./fake-changelog.ts";
import { StatefulTask } from "./stateful-task.ts";

let folder: string;
let path: string;
let said: string[];
let changelog: FakeChangelog;

beforeEach(() => {
  jest.useFakeTimers();
  folder = mkdtempSync(join(tmpdir(), "bramble-stores-"));
  path = join(folder, "0.sqlite");
  said = [];
  changelog = new FakeChangelog();
});
afterEach(() => {
  jest.useRealTimers();
  jest.restoreAllMocks();
});

const storesIn = () => new StateStores(folder, (message) => said.push(message.replace(folder, "")));

const IN_MEMORY =
  "going on with the state in memory, from the changelog; free space on the disk or repair it, then restart the service";

/** What works on a file fails as SQLite says that it does; what is in memory works. */
function breakDisk(statement: string, errcode: number, message: string): void {
  const { exec } = DatabaseSync.prototype;
  jest.spyOn(DatabaseSync.prototype, "exec").mockImplementation(function (this: DatabaseSync, sql) {
    if (sql.includes(statement) && this.location() !== null)
      throw Object.assign(new Error(message), { code: "ERR_SQLITE_ERROR", errcode });
    return exec.call(this, sql);
  });
}

test("two that share a folder and a partition do not get to share the file", () => {
  const stores = storesIn();
  const one = stores.open(0);
  expect(() => stores.open(0)).toThrow("database is locked");
  const other = stores.open(1);
  expect(stores.count).toBe(2);
  one.close();
  other.close();
  expect(stores.count).toBe(0);
  stores.open(0).close();
  expect(said).toEqual([]);
});

test("without a folder there are no files", () => {
  const store = new StateStores(undefined, (message) => said.push(message)).open(0);
  store.begin("topic", 0n);
  expect(existsSync(":memory:")).toBe(false);
});

test.each([
  ["BEGIN", 13, "database or disk is full"],
  ["COMMIT", 13, "database or disk is full"],
  ["COMMIT", 8, "attempt to write a readonly database"],
  ["COMMIT", 778, "disk I/O error"],
])("while %s fails with %d (%s), nothing is lost, and it is said once", async (statement, errcode, message) => {
  const task = new StatefulTask(storesIn(), changelog);
  await task.add("a", "b");
  breakDisk(statement, errcode, message);
  for (let i = 0; i < 5; i++) await task.add("a", `k${i}`);
  expect([await task.sumOf("a"), await task.sumOf("b"), await task.sumOf("k4")]).toEqual([6, 1, 1]);
  expect(task.failures).toBe(1);
  expect(said).toEqual([`/0.sqlite: ${message}; ${IN_MEMORY}`]);
  task.close();
});

test.each([
  ["its folder is gone", () => rmdirSync(folder)],
  ["a folder has its name", () => mkdirSync(path)],
])("when %s, the state is in memory from the beginning", async (_, happens) => {
  happens();
  const task = new StatefulTask(storesIn(), changelog);
  await task.add("a");
  await task.add("a");
  expect([await task.sumOf("a"), task.failures]).toEqual([2, 0]);
  expect(said).toEqual([expect.stringContaining(`unable to open database file; ${IN_MEMORY}`)]);
  task.close();
});

test("a file that turns out to be torn is made anew once; one that goes on failing is done without", async () => {
  const task = new StatefulTask(storesIn(), changelog);
  await task.add("a");
  breakDisk("COMMIT", 11, "database disk image is malformed");
  for (let i = 0; i < 5; i++) await task.add("a");
  expect(await task.sumOf("a")).toBe(6);
  expect(task.failures).toBe(2);
  expect(said).toEqual([
    "/0.sqlite: database disk image is malformed; making this copy of the state anew from the changelog",
    `/0.sqlite: database disk image is malformed; ${IN_MEMORY}`,
  ]);
  task.close();
});

test("a file with other tables is made anew", async () => {
  const other = new DatabaseSync(path);
  other.exec("CREATE TABLE entries (id INTEGER)");
  other.close();
  const task = new StatefulTask(storesIn(), changelog);
  await task.add("a");
  expect([await task.sumOf("a"), task.failures, said]).toEqual([1, 0, []]);
  task.close();
});

test("the next process goes on with the file, reading what came after its offset", async () => {
  const task = new StatefulTask(storesIn(), changelog);
  for (let i = 0; i < 50; i++) await task.add(`k${i}`);
  breakDisk("COMMIT", 13, "database or disk is full");
  for (let i = 0; i < 3; i++) await task.add("a");
  task.close();
  jest.restoreAllMocks();
  changelog.read = 0;
  const next = new StatefulTask(storesIn(), changelog);
  expect([await next.sumOf("a"), await next.sumOf("k7")]).toEqual([3, 1]);
  expect(changelog.read).toBe(3);
  next.close();
});

test("the same process tries a disk again with what it opens ten minutes later, and says so when it fails again", async () => {
  const stores = storesIn();
  breakDisk("COMMIT", 13, "database or disk is full");
  const task = new StatefulTask(stores, changelog);
  await task.add("a");
  const reopenedAfter = async (minutes: number) => {
    task.close();
    jest.setSystemTime(Date.now() + minutes * 60_000);
    await task.add("a");
    return said.length;
  };
  expect(await reopenedAfter(9)).toBe(1);
  expect(await reopenedAfter(2)).toBe(2);
  jest.restoreAllMocks();
  expect(await reopenedAfter(11)).toBe(2);
  task.close();
  expect(readFileSync(path).includes("/0/sum/a")).toBe(true);
});
