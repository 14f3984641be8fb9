import { expect, test } from "@jest/globals";
import { changedTopics } from "../../cli/changed-topics.ts";
import { knownAnswer } from "../../lab/demo/known-answer.ts";

const known = knownAnswer.map(({ topic, values }) => [topic, values.map(Number)] as const);

test("what an edited pipeline computes is told from the course's answer before it is deployed", () => {
  expect(changedTopics({ topics: new Map([...known, ["of_my_own", [1]]]) })).toEqual([]);
  expect(changedTopics({ topics: new Map([...known, ["temperatures_ewma", [59.9, 57.65]]]) })).toEqual([
    "temperatures_ewma",
  ]);
  expect(changedTopics({ topics: new Map(known.slice(1)) })).toEqual(["temperatures_above_threshold"]);
});
