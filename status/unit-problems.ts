import type { Pipeline } from "../declaration/pipeline.ts";
import { unitsOn } from "./declared-units.ts";
import type { Journal, Problem } from "./problem.ts";
import type { HostAnswer, UnitState } from "./unit-state.ts";

/** Whoever systemd started again within this time has yet to show that it lasts. */
const FRESH_SECONDS = 60;

/** A host that cannot be asked, or its units that are not as the file has them. Pure. */
export function hostProblems(
  pipeline: Pipeline,
  host: string,
  answer: HostAnswer | undefined,
  journal: Journal,
): Problem[] {
  if (answer === undefined) return [];
  if (answer.kind === "problem") return [{ code: answer.code, what: answer.problem }];
  const declared = new Set(unitsOn(pipeline, host).map(({ unit }) => unit));
  const absent = answer.units.filter(({ unit, load }) => declared.has(unit) && load === "not-found");
  const others = answer.units.filter(({ unit, load }) => !declared.has(unit) && load !== "not-found");
  const there = answer.units.filter(({ unit, load }) => declared.has(unit) && load !== "not-found");
  return [
    ...missing(host, absent),
    ...there.flatMap((state) => unitProblem(host, state, journal) ?? []),
    ...others.map(
      ({ unit, active }): Problem => ({
        code: "unit-undeclared",
        what: `${host}: ${unit} is on the host (${active}) but not in the pipeline file.`,
        next: "`pulumi up` removes it.",
      }),
    ),
  ];
}

function missing(host: string, units: readonly UnitState[]): Problem[] {
  if (units.length === 0) return [];
  const [names, are] = [units.map(({ unit }) => unit).join(", "), units.length === 1 ? "is" : "are"];
  return [
    {
      code: "unit-missing",
      what: `${host}: ${names} ${are} missing.`,
      next: "`pulumi up` creates what the pipeline file declares.",
    },
  ];
}

function unitProblem(host: string, state: UnitState, journal: Journal): Problem | undefined {
  const { unit, load, active, sub, forSeconds = Number.POSITIVE_INFINITY, restarts, says } = state;
  const next = journal(host, unit);
  const times = `restarted ${restarts === 1 ? "once" : `${restarts} times`} by systemd`;
  if (load === "masked") {
    return {
      code: "unit-masked",
      what: `${host}: ${unit} is masked, so nothing can start it.`,
      next: "`pulumi up` unmasks and starts it.",
    };
  }
  if (active === "active") {
    if (restarts === 0 || forSeconds >= FRESH_SECONDS) return undefined;
    return { code: "unit-restarted", what: `${host}: ${unit} was ${times}, ${forSeconds} s ago.`, next };
  }
  const detail = [...(["dead", active].includes(sub) ? [] : [sub]), ...(restarts === 0 ? [] : [times])].join(", ");
  const what = `${host}: ${unit} is ${active}${detail && ` (${detail})`}${says && `; its last line: ${says}`}.`;
  return {
    code: "unit-inactive",
    what,
    next: active === "inactive" ? `\`pulumi up\` starts it. Its last lines: ${next}` : next,
  };
}
