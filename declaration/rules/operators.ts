import { FIELD } from "../../operators/field.ts";
import type { Operator } from "../../operators/operator.ts";
import { describeSchema, schemaAt } from "../describe-schema.ts";
import { type Finding, type Path, shown, wrongKey, wrongValue } from "../diagnostic.ts";
import { type Draft, mapping } from "../draft.ts";
import { OPERATOR_NAME } from "../names.ts";
import type { Catalogue } from "../operator-catalogue.ts";
import type { Step } from "../pipeline.ts";
import { shapeFindings } from "../shape-findings.ts";
import { didYouMean } from "../suggest.ts";

/** A service's chain; `stateful` when any of it keeps state. */
export interface Chain {
  readonly steps: readonly Step[];
  readonly stateful: boolean;
  /** Whether records may come out with another key than they came in with. */
  readonly mayGiveKeys: boolean;
  /** The filters of its branches, by topic. */
  readonly filters: ReadonlyMap<string, Step>;
}

/** Looks up every operator that services apply and checks its parameters: the chains, and what is wrong with them. */
export async function chainsOf(
  draft: Draft,
  catalogue: Catalogue,
): Promise<{ readonly chains: ReadonlyMap<string, Chain>; readonly findings: readonly Finding[] }> {
  const chains = new Map<string, Chain>();
  const findings: Finding[] = [];
  for (const [service, { apply, from, to }] of draft.services) {
    const steps: Step[] = [];
    let rekeyed: string | undefined;
    const counts = from.map(({ topic }) => draft.topics.get(topic)?.partitions ?? 1);
    const partitions = Math.max(1, ...counts);
    for (const [i, entry] of apply.entries()) {
      const path = ["services", service, "apply", i];
      const { findings: stepFindings, step, operator } = await checkStep(catalogue, path, entry);
      findings.push(...stepFindings);
      if (step === undefined || operator === undefined) continue;
      steps.push(step);
      if (operator.stateful && rekeyed !== undefined && partitions > 1) {
        const found = `${step.operator} comes after ${rekeyed}, which spreads a key's records over ${partitions} partitions`;
        const next = `move ${step.operator} to a service that reads the output of ${service}, where they come together`;
        findings.push(wrongValue(path, `${found}; ${next}`));
      }
      if (operator.rekeys) rekeyed = step.operator;
    }
    const first = steps.find((step) => step.stateful);
    if (first !== undefined && new Set(counts).size > 1) {
      const found = from.map(({ topic }, i) => `${topic} has ${counts[i]}`).join(" and ");
      const why = `${first.operator} needs all records of a key in one replica`;
      findings.push(wrongValue(["services", service, "from"], `partitions differ: ${found}. ${why}; give all as many`));
    }
    const filters = new Map<string, Step>();
    for (const { topic, path, isKey, when } of to) {
      if (!isKey) continue;
      const checked = await checkFilter(catalogue, ["services", service, ...path], when);
      findings.push(...checked.findings);
      if (checked.step !== undefined) filters.set(topic, checked.step);
    }
    // What an operator does that is not there nobody knows.
    const mayGiveKeys = rekeyed !== undefined || steps.length < apply.length;
    chains.set(service, { steps, stateful: first !== undefined, mayGiveKeys, filters });
  }
  return { chains, findings };
}

interface CheckedStep {
  readonly step?: Step;
  readonly operator?: Operator;
  readonly findings: readonly Finding[];
}

async function checkStep(catalogue: Catalogue, path: Path, entry: unknown): Promise<CheckedStep> {
  const { named, field } = partsOf(entry);
  const [only] = named;
  if (only === undefined) {
    const empty = "expected the name of an operator over its parameters, found an empty mapping";
    // What is neither a name nor a mapping is a fault of shape.
    return {
      findings: typeof entry === "object" && entry !== null && !Array.isArray(entry) ? [wrongValue(path, empty)] : [],
    };
  }
  if (named.size > 1) {
    const keys = [...named.keys()].join(", ");
    const hint = "begin each operator with a dash of its own, and indent parameters below their operator";
    return { findings: [wrongValue(path, `expected one operator in an entry, found ${keys}; ${hint}`)] };
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
    return schema === undefined ? message : describeSchema(schema);
  });
  if (field !== undefined && !(typeof field === "string" && FIELD.test(field))) {
    findings.push(
      wrongValue([...path, "field"], `expected the path of a field such as position.lat, found ${shown(field)}`),
    );
  }
  if (findings.length > 0) return { findings };
  const params = operator.params.parse(written ?? {}) as Record<string, unknown>;
  const step: Step = {
    operator: name,
    params,
    written: Object.fromEntries(mapping(written)),
    stateful: operator.stateful,
    stateBasis: operator.stateDependsOn(params),
    module,
    ...(field === undefined ? {} : { field: String(field) }),
  };
  return { step, operator, findings: [] };
}

/** What chooses for a branch: an operator that keeps values or drops them, and does nothing else. */
async function checkFilter(catalogue: Catalogue, path: Path, entry: unknown): Promise<CheckedStep> {
  const expected = "expected a filter such as { threshold: { above: 75 } }";
  if (typeof entry !== "string" && mapping(entry).size === 0)
    return { findings: [wrongValue(path, `${expected}, found ${shown(entry)}`)] };
  const checked = await checkStep(catalogue, path, entry);
  if (checked.operator === undefined || checked.operator.filters) return checked;
  const message = `${expected}, found ${checked.step?.operator}, which does not only keep or drop values`;
  return {
    findings: [
      typeof entry === "string"
        ? wrongValue(path, message)
        : wrongKey([...path, checked.step?.operator ?? ""], message),
    ],
  };
}

/** The operators that an entry names, wrongly more than one, and the field beside them. */
function partsOf(entry: unknown): { readonly named: ReadonlyMap<string, unknown>; readonly field?: unknown } {
  if (typeof entry === "string") return { named: new Map([[entry, null]]) };
  const all = mapping(entry);
  if (all.size < 2 || !all.has("field")) return { named: all };
  return { named: new Map([...all].filter(([name]) => name !== "field")), field: all.get("field") };
}

function unknownOperator({ names }: Catalogue, name: string): string {
  const own = "or a file operators/NAME.ts of your own beside this file";
  return `there is no operator ${shown(name)}; operators: ${names.join(", ")}, ${own}${didYouMean(name, names)}`;
}
