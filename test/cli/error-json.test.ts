import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { errorCodes, errorJson } from "../../cli/error-json.ts";
import { PipelineError } from "../../declaration/diagnostic.ts";
import { projectFolder } from "../../lab/lab.ts";
import { LabError } from "../../lab/lab-error.ts";
import { HostError } from "../../provisioning/ssh/host-error.ts";
import { CommandError } from "../../replay/command-error.ts";
import { problemCodes } from "../../status/problem.ts";

const refused = Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" });
const problem = { found: "a", expected: "b", next: "c" };
const target = { host: "rpi0", address: "10.0.0.1" };

test.each<[string, Error, string]>([
  ["of a pipeline file", new PipelineError([]), "pipeline-invalid"],
  ["of the lab", new LabError("not up"), "lab-unusable"],
  ["of a command", new CommandError("service-unknown", "found con9"), "service-unknown"],
  ["of a host", new HostError(target, { ...problem, code: "login-refused" }), "login-refused"],
  ["of a host, of no kind of its own", new HostError(target, problem), "host-unfit"],
  ["with a code of Node's", refused, "unexpected"],
])("an error %s has its code", (_, error, code) => {
  expect(JSON.parse(errorJson(error))).toEqual({ error: { code, message: error.message } });
});

test("the cause of an error is kept", () => {
  const error = new CommandError("broker-unreachable", "found no broker", { cause: refused });
  expect(JSON.parse(errorJson(error)).error).toEqual({
    code: "broker-unreachable",
    message: "found no broker",
    cause: "connect ECONNREFUSED",
  });
});

test("docs/json.md lists every code", () => {
  const [problems = "", errors = ""] = readFileSync(join(projectFolder, "docs/json.md"), "utf8").split("## Errors");
  const listed = (part: string) =>
    [...part.matchAll(/^\| (`.*?`) +\|/gm)].flatMap(([, codes = ""]) => codes.match(/[\w-]+/g));
  expect(listed(problems).sort()).toEqual([...problemCodes].sort());
  expect(listed(errors).sort()).toEqual([...errorCodes].sort());
});
