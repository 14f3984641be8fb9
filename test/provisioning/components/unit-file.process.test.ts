import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { checksums } from "../../../provisioning/components/unit-file.ts";
import { daemon, service } from "./units.ts";

describe("a unit", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "bramble-units-"));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  function verify(text: string) {
    const file = join(folder, "x.service");
    writeFileSync(file, text);
    return spawnSync("systemd-analyze", ["verify", "--man=no", "--recursive-errors=no", file], { encoding: "utf8" });
  }

  test.each([
    ["of a daemon", daemon],
    ["of an operator service", service],
  ])("%s is one that systemd reads without a complaint", (_, text) => {
    expect(verify(text)).toMatchObject({ status: 0, stderr: "" });
    expect(verify(text.replace("Restart=always", "Restart=sometimes")).stderr).toMatch(/Failed to parse/);
  });
});

test("checksums are those of sha256sum", () => {
  const [sum] = execFileSync("sha256sum", { input: "grün\n", encoding: "utf8" }).split(" ");
  expect(checksums({ "/etc/a": "grün\n" })).toEqual({ "/etc/a": sum });
});
