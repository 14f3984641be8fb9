import { expect, test } from "@jest/globals";
import { converge, preview } from "../../../provisioning/provider/lifecycle.ts";
import { type DeclaredTopicsArgs, declaredTopics } from "../../../provisioning/resources/declared-topics.ts";
import { strictTopics } from "../strict-topics.ts";

const topic = { partitions: 1, replicationFactor: 1, config: {} };
const list = (...names: string[]): DeclaredTopicsArgs => ({ names, allowDataLoss: [] });
const { session, changes } = strictTopics({ a: { ...topic, records: 5 }, b: topic, c: { ...topic, records: 2 } });

test.each([
  ["a first list", list("a"), undefined],
  ["the same list", list("a", "c"), list("a", "c")],
  ["a longer list", list("a", "b", "c"), list("a", "c")],
  ["a topic without records that leaves", list("a"), list("a", "b")],
  ["a topic that leaves with leave", { names: [], allowDataLoss: ["a"] }, list("a")],
])("%s is taken, in preview and for real", async (_, want, recorded) => {
  expect(await preview(declaredTopics, session, { ...want }, recorded && { ...recorded })).toMatchObject(want);
  expect(await converge(declaredTopics, session, { ...want }, recorded && { ...recorded })).toEqual(want);
});

test("topics that leave with records are refused, all in one piece", async () => {
  const change = [declaredTopics, session, { ...list("b") }, { ...list("a", "b", "c") }] as const;
  for (const refusal of [preview(...change), converge(...change)]) {
    await expect(refusal).rejects.toThrow(
      /^topic a: this change would lose 5 records.*\ntopic c: this change would lose 2 records/,
    );
  }
});

// Else the second try would find a record in which the topic had left already, and lose what it holds.
test("a refusal does not go on record", async () => {
  const refusal = converge(declaredTopics, session, { ...list() }, { ...list("a") });
  await expect(refusal).rejects.not.toHaveProperty("state");
  expect(changes).toEqual([]);
});
