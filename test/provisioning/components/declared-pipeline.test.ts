import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { loadPipeline } from "../../../declaration/load-pipeline.ts";
import { declaredPipeline } from "../../../provisioning/components/declared-pipeline.ts";

test("an operator's parameter named field and the field beside it stand apart", async () => {
  const file = join(mkdtempSync(join(tmpdir(), "bramble-declared-")), "field.yaml");
  writeFileSync(
    file,
    [
      "cluster: { hosts: { rpi0: 10.42.0.250 } }",
      "topics: { in: { format: json }, out: { format: json } }",
      "services:",
      "  con: { on: rpi0, from: in, apply: [{ extract-field: { field: lat }, field: position }], to: out }",
    ].join("\n"),
  );
  expect(declaredPipeline(await loadPipeline(file), false).services.con?.apply).toMatchObject([
    { operator: "extract-field", params: { field: "lat" }, field: "position" },
  ]);
});
