import { type Draft, mapping } from "../draft.ts";
import { type Finding, type Path, shown, wrongKey, wrongValue } from "../faults.ts";
import { OPERATOR_NAME } from "../names.ts";
import type { Catalogue } from "../operator-catalogue.ts";
import type { Step } from "../pipeline.ts";
import { inWords, schemaAt } from "../schema-words.ts";
import { shapeFindings } from "../shape-faults.ts";
import { didYouMean } from "../suggest.ts";

/** A service's chain; `stateful` when any of it keeps state. */
export interface Chain {
  readonly steps: readonly Step[];
  readonly stateful: boolean;
}

/** Looks up every operator that services apply and checks its parameters: the chains, and what is wrong with them. */
export async function chainsOf(
  draft: Draft,
  catalogue: Catalogue,
): Promise<{ readonly chains: ReadonlyMap<string, Chain>; readonly findings: readonly Finding[] }> {
  const chains = new Map<string, Chain>();
  const findings: Finding[] = [];
  for (const [service, { apply }] of draft.services) {
    const steps: Step[] = [];
    let stateful = false;
    for (const [i, entry] of apply.entries()) {
      const checked = await checkStep(catalogue, ["services", service, "apply", i], entry);
      findings.push(...checked.findings);
      if (checked.step !== undefined) steps.push(checked.step);
      stateful ||= checked.stateful ?? false;
    }
    chains.set(service, { steps, stateful });
  }
  return { chains, findings };
}

interface CheckedStep {
  readonly step?: Step;
  readonly stateful?: boolean;
  readonly findings: readonly Finding[];
}

async function checkStep(catalogue: Catalogue, path: Path, entry: unknown): Promise<CheckedStep> {
  const named = typeof entry === "string" ? new Map([[entry, null]]) : mapping(entry);
  const [only] = named;
  if (only === undefined) {
    const empty = "found an empty mapping, wanted the name of an operator over its parameters";
    // What is neither a name nor a mapping is a fault of shape.
    return {
      findings: typeof entry === "object" && entry !== null && !Array.isArray(entry) ? [wrongValue(path, empty)] : [],
    };
  }
  if (named.size > 1) {
    const keys = [...named.keys()].join(", ");
    const hint = "begin each operator with a dash of its own, and indent parameters below their operator";
    return { findings: [wrongValue(path, `found ${keys} in one entry, wanted one operator; ${hint}`)] };
  }
  const [name, written] = only;
  const below: Path = [...path, name];
  const found = OPERATOR_NAME.test(name) ? await catalogue.find(name) : undefined;
  if (found === undefined || typeof found === "string") {
    const message = found ?? unknownOperator(catalogue, name);
    return { findings: [typeof entry === "string" ? wrongValue(path, message) : wrongKey(below, message)] };
  }
  const { operator, module } = found;
  const findings = shapeFindings(operator.params, written ?? {}, below, (at, { code, message }) => {
    // What a check of an operator's own says is in words already, unless it says nothing.
    const schema = code === "custom" && message !== "Invalid input" ? undefined : schemaAt(operator.params, at);
    return schema === undefined ? message : inWords(schema);
  });
  if (findings.length > 0) return { findings };
  const params = operator.params.parse(written ?? {}) as Record<string, unknown>;
  return { step: { operator: name, params, module }, stateful: operator.stateful, findings: [] };
}

function unknownOperator({ names }: Catalogue, name: string): string {
  const own = "or a file operators/NAME.ts of your own beside this file";
  return `found ${shown(name)}, wanted an operator: ${names.join(", ")}, ${own}${didYouMean(name, names)}`;
}
