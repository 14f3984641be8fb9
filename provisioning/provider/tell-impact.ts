import { type Change, textOf, tokens } from "../impact/change.ts";
import { type Declared, type Facts, leavingBrokers } from "../impact/declared.ts";
import { impact } from "../impact/impact.ts";
import type { Session } from "../resources/resource-type.ts";
import { topicContent } from "../resources/topic-content.ts";

/** The sentences for a plan, with what Kafka and the hosts have to say to it. Asks only where something is at stake. */
export async function tellImpact(
  session: Session,
  planned: readonly Change[],
  before: Declared | undefined,
  after: Declared,
): Promise<string[]> {
  const changes = [...planned, ...topicsGone(planned, before, after)];
  return impact(
    changes,
    before,
    after,
    await factsOf(session, changes, before ?? after, leavingBrokers(before, after)),
  );
}

/** Topics that left the file, where the engine has not told of them. */
function topicsGone(planned: readonly Change[], before: Declared | undefined, after: Declared): Change[] {
  const told = new Set(planned.filter(({ token }) => token === tokens.topic).map((topic) => textOf(topic, "name")));
  return Object.keys(before?.topics ?? {})
    .filter((name) => !(name in after.topics) && !told.has(name))
    .map((name) => ({ token: tokens.topic, operation: "delete", have: { name }, steps: [] }));
}

async function factsOf(
  session: Session,
  changes: readonly Change[],
  { hosts }: Declared,
  leaving: readonly (readonly [host: string, address: string])[],
): Promise<Facts> {
  const losing = changes.filter(losesRecords).map((topic) => textOf(topic, "name"));
  const places = Object.entries(hosts).map(([host, address]) => ({ host, address }));
  const rolls = changes.some((change) => change.token === tokens.unit && textOf(change, "name") === "kafka.service");
  return {
    contents: new Map(
      await Promise.all(losing.map(async (name) => [name, await topicContent(session, name, places)] as const)),
    ),
    alone: rolls
      ? await session.topics().then(
          (topics) => topics.alone(),
          () => undefined,
        )
      : undefined,
    held: new Map(
      await Promise.all(
        leaving.map(async ([host, address]) => [host, await (await session.topics()).heldBy(address)] as const),
      ),
    ),
  };
}

function losesRecords({ token, operation, have, want }: Change): boolean {
  if (token !== tokens.topic) return false;
  return operation === "delete" || (have !== undefined && Number(want?.partitions) < Number(have.partitions));
}
