import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { stackConfig } from "../../cli/stack-config.ts";
import { stackLogin } from "../../cli/stack-login.ts";

function configured(...settings: string[]) {
  const file = join(mkdtempSync(join(tmpdir(), "bramble-stack-")), "Pulumi.rpi.yaml");
  writeFileSync(file, ["config:", "  bramble:pipeline: x.yaml", ...settings].join("\n"));
  return stackConfig(file);
}

const nobodyAsks = () => {
  throw new Error("asked Pulumi, with nothing encrypted");
};

test("the course's login is taken where nothing is set, and Pulumi is not asked", () => {
  expect(stackLogin(configured(), nobodyAsks)).toEqual({ user: "pi", port: 22, password: "raspberry" });
  const own = configured("  bramble:user: ada", "  bramble:port: 2222", "  bramble:password: 123");
  expect(stackLogin(own, nobodyAsks)).toEqual({ user: "ada", port: 2222, password: "123" });
});

test("what is encrypted comes from Pulumi; a key wins over a password", () => {
  const encrypted = configured("  bramble:user: ada", "  bramble:password: { secure: v1:x }");
  const settings = { pipeline: "x.yaml", user: "ada", password: "secret" };
  expect(stackLogin(encrypted, () => settings)).toEqual({ user: "ada", port: 22, password: "secret" });
  const both = configured("  bramble:privateKey: { secure: v1:x }", "  bramble:password: p");
  expect(stackLogin(both, () => ({ password: "p", privateKey: "KEY" }))).toEqual({
    ...{ user: "pi", port: 22, privateKey: "KEY" },
  });
});
