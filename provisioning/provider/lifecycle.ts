import { NoBrokerError } from "../kafka/admin.ts";
import type { Session } from "../resources/resource-type.ts";
import type { Properties } from "./diff.ts";
import type { AnyResourceType } from "./registry.ts";

/** The change was begun and did not succeed: `state` is what is there now, for the engine to keep. */
export class HalfDone extends Error {
  readonly id: string;
  readonly state: Properties;
  constructor(id: string, state: Properties, cause: Error) {
    super(cause.message, { cause });
    this.id = id;
    this.state = state;
  }
}

/** What preview shows for a new resource: looked at and foreseen where that is possible, changed nowhere. */
export async function previewCreate(type: AnyResourceType, session: Session, want: Properties): Promise<Properties> {
  const have = await observeIfAnswered(type, session, want);
  if (have === "unanswered") return want;
  await type.foresee(session, want, have, false);
  return { ...have, ...want };
}

export async function create(type: AnyResourceType, session: Session, want: Properties): Promise<Properties> {
  return converge(type, session, want, await type.observe(session, want), false);
}

/** The state as it is, undefined on proof of absence; the recorded state when there is nobody to ask. */
export async function read(
  type: AnyResourceType,
  session: Session,
  state: Properties,
): Promise<Properties | undefined> {
  const have = await observeIfAnswered(type, session, state);
  if (have !== "unanswered") return have;
  session.progress("no broker answers: kept as last seen");
  return state;
}

export async function previewUpdate(
  type: AnyResourceType,
  session: Session,
  state: Properties,
  want: Properties,
): Promise<Properties> {
  await type.foresee(session, want, state, true, state);
  return { ...state, ...want };
}

/** Looks again rather than trust the recorded state: a crash may have come between a change and its record. */
export async function update(
  type: AnyResourceType,
  session: Session,
  state: Properties,
  want: Properties,
): Promise<Properties> {
  return converge(type, session, want, await type.observe(session, want), true, state);
}

async function converge(
  type: AnyResourceType,
  session: Session,
  want: Properties,
  have: Properties | undefined,
  owned: boolean,
  recorded?: Properties,
) {
  try {
    return await type.apply(session, want, have, owned, recorded);
  } catch (error) {
    const left = await type.observe(session, want).catch(() => undefined);
    // A thing that was not there before and is there now must not be forgotten, or nobody would take it away.
    if (left !== undefined && (owned || have === undefined)) throw new HalfDone(type.id(want), left, error as Error);
    throw error;
  }
}

/** Topics cannot be read while no broker runs; that is no reason to refuse the `up` that starts the brokers. */
async function observeIfAnswered(type: AnyResourceType, session: Session, args: Properties) {
  try {
    return await type.observe(session, args);
  } catch (error) {
    if (error instanceof NoBrokerError) return "unanswered";
    throw error;
  }
}
