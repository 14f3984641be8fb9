import { MAX_DEPTH } from "./format.ts";
import { OperatorError } from "./operator-error.ts";

export const TOO_DEEP_STATE = `its state has more than ${MAX_DEPTH} lists and objects in one another`;

/**
 * The state, frozen all through, so that an operator that changes it in place fails at once and not after a crash. Throws
 * what would not come back from the changelog as it went in: JSON knows no NaN, undefined, Date, Map...
 */
export function frozenState(state: unknown, operator: string, depth = 0): unknown {
  if (state === null || typeof state === "string" || typeof state === "boolean") return state;
  if (typeof state === "number" && Number.isFinite(state)) return state;
  if (typeof state === "object" && isPlain(state)) {
    if (Object.isFrozen(state)) return state;
    if (depth === MAX_DEPTH) throw new OperatorError(operator, state, TOO_DEEP_STATE);
    for (const part of Object.values(state)) frozenState(part, operator, depth + 1);
    return Object.freeze(state);
  }
  throw new OperatorError(operator, state, `its state holds ${nameOf(state)}, which JSON cannot keep`);
}

function isPlain(state: object): boolean {
  const prototype = Object.getPrototypeOf(state);
  return Array.isArray(state) || prototype === Object.prototype || prototype === null;
}

function nameOf(value: unknown): string {
  return typeof value === "object" && value !== null ? `a ${value.constructor.name}` : String(value);
}
