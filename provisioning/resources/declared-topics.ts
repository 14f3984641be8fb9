import type { RecordCount, ResourceType, Session } from "./resource-type.ts";

export interface DeclaredTopicsArgs {
  /** Names of the topics whose records somebody may miss, sorted. */
  readonly names: readonly string[];
  /** Names of those whose records may be lost. */
  readonly allowDataLoss: readonly string[];
}

/**
 * The list of a pipeline's topics. It changes nothing; it stands guard: the engine tells a provider of a deletion only
 * when it is to be done, while a name that leaves this list shows in preview, with what would be lost. `pulumi destroy`
 * removes the list itself, and asks nothing.
 */
export const declaredTopics: ResourceType<DeclaredTopicsArgs, DeclaredTopicsArgs> = {
  token: "bramble:kafka:DeclaredTopics",
  replaceOn: [],
  deleteBeforeReplace: false,
  local: ["allowDataLoss"],
  id: () => "declared-topics",
  observe: async (_session, args) => args,
  validate: (session, want, _have, _owned, recorded) => guard(session, want, recorded),
  async apply(session, want, _have, _owned, recorded) {
    await guard(session, want, recorded);
    return want;
  },
  steps: () => [],
  async remove() {},
};

async function guard(session: Session, want: DeclaredTopicsArgs, recorded: DeclaredTopicsArgs | undefined) {
  const leaving = (recorded?.names ?? []).filter(
    (name) => !want.names.includes(name) && !want.allowDataLoss.includes(name),
  );
  if (leaving.length === 0) return;
  const topics = await session.topics();
  const counts = await Promise.all(leaving.map(async (name) => [name, await topics.records(name)] as const));
  const errors = counts.filter(([, { records }]) => records > 0).map(([name, count]) => wouldLose(name, count));
  if (errors.length > 0) throw new Error(errors.join("\n"));
}

/** The sentence for a change that would lose a topic's records. */
export function wouldLose(name: string, { records, isExact }: RecordCount): string {
  const many = records === 1 ? "1 record" : `${records} records`;
  return (
    `topic ${name}: this change would lose ${isExact ? "" : "up to "}${many}. ` +
    `Undo the change, or allow the loss: \`pulumi up --config bramble:allowDataLoss=${name}\`.`
  );
}
