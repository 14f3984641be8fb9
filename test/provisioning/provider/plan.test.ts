import { expect, test } from "@jest/globals";
import type { Properties } from "../../../provisioning/provider/diff.ts";
import { Plan } from "../../../provisioning/provider/plan.ts";
import { file } from "../../../provisioning/resources/file.ts";
import { target } from "../strict-host.ts";

const want = { ...target, path: "/etc/a.conf", content: "a=1\n", mode: "0644", owner: "root:root" };
const have = { ...want, mode: "0600" };
const update = [{ path: "mode", kind: "update", replace: false }] as const;
const compared = (state: Properties, oldInputs: Properties) => ({ state, want, oldInputs });

test("a change is told with what the stack had, what is there, what is wanted, and what will be done", () => {
  const plan = new Plan();
  plan.found("a", file, want, have);
  plan.checked("a");
  plan.compared("a", file, compared(have, have), update);
  const change = { token: file.token, operation: "update", recorded: want, have, want };
  expect(plan.changes()).toEqual([{ ...change, steps: ["change the mode of /etc/a.conf"] }]);
});

test("what the refresh compares by itself is no plan", () => {
  const plan = new Plan();
  plan.found("a", file, want, have);
  plan.compared("a", file, compared(have, want), update);
  plan.checked("a");
  expect(plan.changes()).toEqual([]);
});

test("what was read and is not wanted any more goes; what was not there does not", () => {
  const plan = new Plan();
  plan.found("a", file, want, have);
  plan.found("b", file, want, undefined);
  expect(plan.changes()).toEqual([
    { token: file.token, operation: "delete", recorded: want, have, steps: ["remove /etc/a.conf"] },
  ]);
});

test("a thing that another hand took away is known from one that is new", () => {
  const plan = new Plan();
  plan.found("a", file, want, undefined);
  for (const urn of ["a", "b"]) {
    plan.checked(urn);
    plan.created(urn, file, want);
  }
  expect(plan.changes().map(({ operation, recorded }) => [operation, recorded])).toEqual([
    ["create", want],
    ["create", undefined],
  ]);
});

test("a replacement is one change", () => {
  const plan = new Plan();
  plan.checked("a");
  plan.compared("a", file, compared(have, have), [{ path: "path", kind: "update", replace: true }]);
  plan.created("a", file, want);
  expect(plan.changes().map(({ operation }) => operation)).toEqual(["replace"]);
});
