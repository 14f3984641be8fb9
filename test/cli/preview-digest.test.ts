import { expect, test } from "@jest/globals";
import { type PreviewDigest, problemOf, type Verdict, verdictOf } from "../../cli/preview-digest.ts";

const impact = "urn:pulumi:rpi::bramble::bramble:pipeline:Impact::kafka_chaining-impact";
const told = { urn: impact, severity: "info", message: "con1 on rpi1 restarts.\nNothing else is touched.\n" };
const other = { urn: "urn:pulumi:rpi::bramble::bramble:kafka:Topic::a", severity: "info", message: "kept" };
const error = { severity: "error", message: "error: Preview failed: rpi1: no Java\nrpi2: no Java\n" };
const after = { severity: "error", message: "error: preview failed\n" };

test.each<[string, PreviewDigest, Verdict]>([
  ["nothing to do", { changeSummary: { same: 80 } }, { kind: "same", text: "Nothing changes." }],
  [
    "changes",
    { diagnostics: [other, told], changeSummary: { same: 79, update: 1 } },
    { kind: "changes", text: "con1 on rpi1 restarts.\nNothing else is touched." },
  ],
  [
    "changes of the record alone",
    { diagnostics: [other], changeSummary: { same: 79, update: 1 } },
    { kind: "changes", text: "Only bramble's own records change; no host is touched." },
  ],
  ["a refusal", { diagnostics: [told, error, after] }, { kind: "refused", text: "rpi1: no Java\nrpi2: no Java" }],
])("%s", (_, digest, verdict) => {
  expect(verdictOf(digest)).toEqual(verdict);
});

test.each([
  [
    "error: no stack named 'rpi' found",
    "no stack named 'rpi' found; create it with `pulumi stack init`. For the lab's stack, put `npx bramble lab exec --` before the command.",
  ],
  ["error: incorrect passphrase", "incorrect passphrase"],
  ["", "pulumi preview printed nothing"],
])("without a preview, %j is told", (said, told) => {
  expect(problemOf(said)).toBe(told);
});
