import { isDeepStrictEqual } from "node:util";
import { UnansweredError } from "../kafka/unanswered.ts";
import type { Session } from "../resources/resource-type.ts";
import type { Properties } from "./diff.ts";
import type { AnyResourceType } from "./registry.ts";

/** The change was begun and did not succeed: `state` is what is there now, for the engine to keep. */
export class PartialFailure extends Error {
  readonly id: string;
  readonly state: Properties;
  constructor(id: string, state: Properties, cause: Error) {
    super(cause.message, { cause });
    this.id = id;
    this.state = state;
  }
}

/**
 * What preview shows: looked at and validated where that is possible, changed nowhere.
 * @param recorded the stack's state of it; undefined for a new resource
 */
export async function preview(
  type: AnyResourceType,
  session: Session,
  want: Properties,
  recorded?: Properties,
): Promise<Properties> {
  const have = await observeIfAnswered(type, session, want);
  if (have === "unanswered") return { ...recorded, ...want };
  await type.validate(session, want, have, recorded !== undefined, recorded);
  return { ...recorded, ...have, ...want };
}

/**
 * Makes it so. Looks rather than trust the recorded state: a crash may have come between a change and its record.
 * @param recorded the stack's state of it; undefined for a new resource
 */
export async function converge(
  type: AnyResourceType,
  session: Session,
  want: Properties,
  recorded?: Properties,
): Promise<Properties> {
  const owned = recorded !== undefined;
  const have = await type.observe(session, want);
  try {
    return await type.apply(session, want, have, owned, recorded);
  } catch (error) {
    const left = await type.observe(session, want).catch(() => undefined);
    // A refusal changes nothing, and the record stays as it was. What was begun must not be forgotten, or nobody would
    // take it away: a thing of somebody else's too, once it is changed.
    if (left === undefined || isDeepStrictEqual(left, have)) throw error;
    throw new PartialFailure(type.id(want), left, error as Error);
  }
}

/** The state as it is, undefined on proof of absence; the recorded state when there is nobody to ask. */
export async function read(
  type: AnyResourceType,
  session: Session,
  state: Properties,
): Promise<Properties | undefined> {
  const have = await observeIfAnswered(type, session, state);
  if (have !== "unanswered") return have;
  session.progress("Kafka does not answer: kept as last seen");
  return state;
}

/** Topics cannot be read while brokers are away; that is no reason to refuse the `up` that starts them. */
async function observeIfAnswered(type: AnyResourceType, session: Session, args: Properties) {
  try {
    return await type.observe(session, args);
  } catch (error) {
    if (error instanceof UnansweredError) return "unanswered";
    throw error;
  }
}
