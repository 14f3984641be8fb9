import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { Link } from "../../operators/message.ts";
import { fold, number } from "../../operators/operator.ts";
import { PartitionState } from "../../runtime/partition-state.ts";
import { restoreState } from "../../runtime/restore-state.ts";
import { stateChanges } from "../../runtime/state.ts";
import { StateStore } from "../../runtime/state-store.ts";
import { unusedEntries } from "../../runtime/unused-entries.ts";
import { FakeChangelog } from "./fake-changelog.ts";

let changelog: FakeChangelog;
let store: StateStore;
const partition = { topic: "changelog", partition: 0 };
const restore = () => restoreState(changelog.inspector(), partition, store, () => {});
const put = (key: string, value: string | null) => changelog.append([{ key, value }]);
const names = () => store.namesBetween("", "\u{10ffff}", 1_000_000);
const content = () => new Map(names().map((name) => [name, store.get(name)]));

beforeEach(() => {
  changelog = new FakeChangelog();
  store = new StateStore(":memory:");
});

test("a new store reads everything, a store that was there only what came since", async () => {
  for (let i = 0; i < 12_000; i++) put(`0/0/sum/${i}`, String(i));
  expect(await restore()).toEqual({ offset: changelog.end, leaderEpoch: 0 });
  expect(content()).toEqual(changelog.content());
  changelog.read = 0;
  put("0/0/sum/7", "8");
  put("0/0/sum/8", null);
  await restore();
  expect(changelog.read).toBe(2);
  expect(store.get("0/0/sum/7")).toBe("8");
  expect(store.get("0/0/sum/8")).toBeUndefined();
  changelog.read = 0;
  await restore();
  expect(changelog.read).toBe(0);
});

test.each([
  ["made anew", () => changelog.makeAnew()],
  ["lost with its disk", () => changelog.lose()],
  ["cut where the store was to read on", () => changelog.cutBefore(changelog.end)],
])("what a store has is thrown away when its topic was %s", async (_, happens) => {
  put("0/0/sum/a", "1");
  put("0/0/sum/b", "1");
  await restore();
  put("0/0/sum/b", "2");
  happens();
  put("0/0/sum/c", "3");
  await restore();
  expect(content()).toEqual(changelog.content());
  expect(store.get("0/0/sum/a")).toBeUndefined();
});

test("what a store has is thrown away when the broker lost the end of the log, although the log is longer again", async () => {
  put("0/0/sum/a", "1");
  put("0/0/sum/b", "1");
  const { offset } = await restore();
  changelog.truncate(2n);
  for (const key of ["c", "d", "e"]) put(`0/0/sum/${key}`, "1");
  expect(changelog.end).toBeGreaterThan(offset);
  await restore();
  expect(content()).toEqual(changelog.content());
  expect(store.get("0/0/sum/b")).toBeUndefined();
});

test("a topic made anew that has grown past the store's offset does not pass for the old one", async () => {
  put("0/0/sum/a", "1");
  await restore();
  changelog.makeAnew();
  for (let i = 0; i < 9; i++) put("0/0/sum/b", String(i));
  await restore();
  expect(content()).toEqual(new Map([["0/0/sum/b", "8"]]));
});

const sum = fold({ value: number(), initial: 0, step: (_, state, x) => [state + x, []] });
const chainOf = (...operators: string[]) =>
  operators.map((name) => ({ name, operator: sum, params: {} })) as unknown as Link[];

test("what was taken away does not come back from a store that was elsewhere meanwhile", async () => {
  put("0/0/sum/a", "1");
  await restore();
  const elsewhere = new StateStore(":memory:");
  await restoreState(changelog.inspector(), partition, elsewhere, () => {});
  changelog.append(unusedEntries(chainOf("mean"), 0, elsewhere, undefined));
  changelog.compact();
  await restore();
  expect(store.get("0/0/sum/a")).toBeUndefined();
});

test("what a member wrote that had lost the partition (at-least-once) does not get into its new owner's copy", async () => {
  const chain = chainOf("sum");
  const process = (state: PartitionState, key: string, value: number) => {
    const fork = state.fork();
    fork.set(0, key, value);
    return { fork, end: changelog.append(stateChanges(chain, 0, fork)) };
  };
  const owned = async (path: string) => {
    const copy = new StateStore(path);
    const offset = await restoreState(changelog.inspector(), partition, copy, () => {});
    return new PartitionState(chain, 0, copy, offset, () => 1_000_000);
  };
  const folder = mkdtempSync(join(tmpdir(), "bramble-restore-"));
  const [frozenPath, ownerPath] = [join(folder, "frozen.sqlite"), join(folder, "owner.sqlite")];

  const frozen = await owned(frozenPath);
  const owner = await owned(ownerPath);
  for (const [key, value] of [
    ["a", 2],
    ["b", 1],
  ] as const) {
    const { fork, end } = process(owner, key, value);
    fork.commit();
    owner.committed(end);
    // Between the owner's writes; its position is then refused, so that it keeps nothing of it.
    if (key === "a") process(frozen, "a", 1);
  }
  owner.close();
  frozen.close();
  const again = await owned(ownerPath);
  expect([again.get(0, "a"), again.get(0, "b")]).toEqual([2, 1]);
  again.close();
  // Who has no such copy finds what the changelog has last, until the key's next record.
  const elsewhere = await owned(frozenPath);
  expect([elsewhere.get(0, "a"), elsewhere.get(0, "b")]).toEqual([1, 1]);
  elsewhere.close();
  rmSync(folder, { recursive: true });
});

test("whatever hosts a partition moves between, and however they crash, its state is that of the changelog", async () => {
  const lives = fc.array(
    fc.record({
      host: fc.nat(2),
      chain: fc.oneof({ arbitrary: fc.constant(0), weight: 6 }, { arbitrary: fc.nat(2), weight: 1 }),
      transactions: fc.array(fc.array(fc.nat(11), { maxLength: 6 }), { minLength: 1, maxLength: 8 }),
      ends: fc.constantFrom("stopped", "killed", "killed before it knew that Kafka had committed"),
      compacted: fc.boolean(),
    }),
    { minLength: 3, maxLength: 10 },
  );
  await fc.assert(fc.asyncProperty(lives, liveThrough), { numRuns: 20 });
});

type Life = { host: number; chain: number; transactions: number[][]; ends: string; compacted: boolean };

async function liveThrough(lives: readonly Life[]): Promise<void> {
  changelog = new FakeChangelog();
  const folder = mkdtempSync(join(tmpdir(), "bramble-restore-"));
  const chains = [chainOf("sum"), chainOf("sum", "mean"), chainOf("mean")];
  const truth = new Map<string, number>();
  for (const { host, chain: which, transactions, ends, compacted } of lives) {
    const here = new StateStore(join(folder, `${host}.sqlite`));
    const chain = chains[which] ?? [];
    const offset = await restoreState(changelog.inspector(), partition, here, () => {});
    // Small enough that states give way to the store in the middle of it all.
    const state = new PartitionState(chain, 0, here, offset, () => 1000);
    let unused = unusedEntries(chain, 0, here, undefined);
    for (const name of [...truth.keys()]) {
      if (!chain.some((link, index) => name.startsWith(`0/${index}/${link.name}/`))) truth.delete(name);
    }
    for (const [i, records] of transactions.entries()) {
      const fork = state.fork();
      for (const record of records) {
        const [index, key] = [record % chain.length, `k${record}`];
        const name = `0/${index}/${chain[index]?.name}/${key}`;
        const before = (fork.get(index, key) ?? 0) as number;
        expect([name, before]).toEqual([name, truth.get(name) ?? 0]);
        fork.set(index, key, before + 1);
        truth.set(name, before + 1);
      }
      const end = changelog.append([...unused, ...stateChanges(chain, 0, fork)]);
      if (ends === "killed before it knew that Kafka had committed" && i === transactions.length - 1) break;
      fork.commit();
      state.committed(end, unused);
      unused = unused.length > 0 ? unusedEntries(chain, 0, here, undefined) : [];
    }
    if (ends === "stopped") state.close();
    else here.close();
    if (compacted) changelog.compact();
  }
  rmSync(folder, { recursive: true });
}
