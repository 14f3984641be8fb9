import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { diff, type FieldChange, type Properties } from "../../../provisioning/provider/diff.ts";

const type = { replaceOn: ["host", "path"], local: ["source"] };
const same = { host: "rpi0", path: "/etc/a", content: "a", config: { "retention.ms": "1" }, list: ["x"] };

const cases: { name: string; state?: Properties; want?: Properties; old?: Properties; changes: FieldChange[] }[] = [
  { name: "nothing differs", changes: [] },
  { name: "state has more: what was found out is no difference", state: { machine: "aarch64" }, changes: [] },
  {
    name: "a drift, or an edit: they look the same",
    state: { content: "b" },
    changes: [{ path: "content", kind: "update", replace: false }],
  },
  {
    name: "what makes it another thing",
    want: { path: "/etc/b" },
    changes: [{ path: "path", kind: "update", replace: true }],
  },
  { name: "where it comes from on this machine", want: { source: "/elsewhere" }, changes: [] },
  {
    name: "that with a real change",
    want: { source: "/x", content: "b" },
    changes: [{ path: "content", kind: "update", replace: false }],
  },
  {
    name: "one entry of a mapping, with a dot in its name",
    want: { config: { "retention.ms": "2" } },
    changes: [{ path: 'config["retention.ms"]', kind: "update", replace: false }],
  },
  {
    name: "entries more and less",
    state: { config: { plain: "1", 'odd"]': "2" } },
    want: { config: { 'odd"]': "2", added: "3" } },
    changes: [
      { path: "config.added", kind: "add", replace: false },
      { path: "config.plain", kind: "delete", replace: false },
    ],
  },
  {
    name: "one element of a list: the list",
    want: { list: ["x", "y"] },
    changes: [{ path: "list", kind: "update", replace: false }],
  },
  {
    name: "an input that is new",
    want: { size: 1 },
    changes: [{ path: "size", kind: "add", replace: false }],
  },
  {
    name: "an input that is wanted no more",
    state: { size: 1 },
    old: { size: 1 },
    changes: [{ path: "size", kind: "delete", replace: false }],
  },
  {
    name: "a mapping where a text was",
    state: { content: { a: 1 } },
    changes: [{ path: "content", kind: "update", replace: false }],
  },
  {
    name: "several: sorted by name",
    want: { path: "/b", content: "b", host: "rpi1" },
    changes: [
      { path: "content", kind: "update", replace: false },
      { path: "host", kind: "update", replace: true },
      { path: "path", kind: "update", replace: true },
    ],
  },
];

test.each(cases)("$name", ({ state, want, old, changes }) => {
  expect(diff(type, { ...same, ...state }, { ...same, ...want }, { ...same, ...old })).toEqual(changes);
});

const value: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.string(),
    fc.integer(),
    fc.boolean(),
    fc.array(fc.string()),
    fc.dictionary(fc.string(), tie("value")),
  ),
})).value;
const properties = fc.dictionary(fc.string(), value);

test("what is as wanted never differs, whatever more is known of it", () => {
  fc.assert(
    fc.property(properties, properties, (want, more) =>
      expect(diff(type, { ...more, ...want }, want, want)).toEqual([]),
    ),
  );
});

test("what differs in an input always shows", () => {
  fc.assert(
    fc.property(properties, fc.string(), value, value, (rest, key, from, to) => {
      fc.pre(JSON.stringify(from) !== JSON.stringify(to) && key !== "source");
      const empty = (one: unknown) => JSON.stringify(one) === "{}";
      fc.pre(!empty(from) || !empty(to));
      expect(diff(type, { ...rest, [key]: from }, { ...rest, [key]: to }, rest)).not.toEqual([]);
    }),
  );
});
