import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadPipeline } from "../declaration/load-pipeline.ts";
import { loadOperator } from "../declaration/operator-module.ts";
import type { Service } from "../declaration/pipeline.ts";
import { linkOf } from "../operators/chain.ts";
import type { Link } from "../operators/message.ts";
import { declaredPipeline } from "../provisioning/components/declared-pipeline.ts";
import { stateImpact } from "../provisioning/impact/state-impact.ts";

/** A service before and after an edit of its `apply`, as YAML has it, and what a preview says of its state. */
export async function editedService(
  was: string,
  is: string,
): Promise<{ before: Service; after: Service; sentences: string[] }> {
  const folder = mkdtempSync(join(tmpdir(), "bramble-edit-"));
  const load = (name: string, apply: string) => {
    const file = join(folder, name, "pipeline.yaml");
    mkdirSync(join(folder, name));
    writeFileSync(
      file,
      [
        "cluster: { hosts: { rpi0: 10.42.0.250 } }",
        "topics: { in: , out: { format: json } }",
        `services: { con: { on: rpi0, from: in, apply: ${apply}, to: out } }`,
      ].join("\n"),
    );
    return loadPipeline(file);
  };
  const pipelines = [await load("before", was), await load("after", is)];
  const [before, after] = pipelines.map(({ services }) => services[0]);
  const [old, now] = pipelines.map((pipeline) => declaredPipeline(pipeline, false).services.con);
  if (!before || !after || !old || !now) throw new Error("the pipeline has no service con");
  return { before, after, sentences: stateImpact(old, now) };
}

export function chainOf({ apply }: Service): Promise<Link[]> {
  return Promise.all(apply.map(async (step) => linkOf(step, await loadOperator(step.module))));
}
