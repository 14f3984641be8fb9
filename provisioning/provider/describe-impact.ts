import { type Change, textOf, tokens } from "../impact/change.ts";
import { type DeclaredPipeline, type Facts, leavingBrokers } from "../impact/declared-pipeline.ts";
import { impact } from "../impact/impact.ts";
import type { Session } from "../resources/resource-type.ts";
import { topicContent } from "../resources/topic-content.ts";

/** The sentences for a plan, with what Kafka and the hosts have to say to it. Asks only where something is at stake. */
export async function describeImpact(
  session: Session,
  planned: readonly Change[],
  before: DeclaredPipeline | undefined,
  after: DeclaredPipeline,
): Promise<string[]> {
  const changes = [...planned, ...topicsGone(planned, before, after)];
  return impact(
    changes,
    before,
    after,
    await factsOf(session, changes, before ?? after, new Map(leavingBrokers(before, after))),
  );
}

/** Topics that left the file, where the engine has not told of them. */
function topicsGone(
  planned: readonly Change[],
  before: DeclaredPipeline | undefined,
  after: DeclaredPipeline,
): Change[] {
  const known = new Set(planned.filter(({ token }) => token === tokens.topic).map((topic) => textOf(topic, "name")));
  return Object.keys(before?.topics ?? {})
    .filter((name) => !(name in after.topics) && !known.has(name))
    .map((name) => ({ token: tokens.topic, operation: "delete", have: { name }, steps: [] }));
}

async function factsOf(
  session: Session,
  changes: readonly Change[],
  { hosts }: DeclaredPipeline,
  leaving: ReadonlyMap<string, string>,
): Promise<Facts> {
  const losing = changes.filter(losesRecords).map((topic) => textOf(topic, "name"));
  const targets = Object.entries(hosts).map(([host, address]) => ({ host, address }));
  const rolls = changes.some((change) => change.token === tokens.unit && textOf(change, "name") === "kafka.service");
  return {
    contents: await answers(losing, (name) => topicContent(session, name, targets)),
    alone: rolls ? await answer(async () => (await session.topics()).alone()) : undefined,
    held: await answers([...leaving.keys()], async (host) => (await session.topics()).heldBy(leaving.get(host) ?? "")),
  };
}

/** A preview is for looking: what cannot be asked now is told as unknown, and stops nothing. */
async function answer<T>(ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch {
    return undefined;
  }
}

/** The answers that there are, by what was asked about. */
async function answers<K, T>(about: readonly K[], ask: (one: K) => Promise<T>): Promise<Map<K, T>> {
  const all = await Promise.all(about.map(async (one) => [one, await answer(() => ask(one))] as const));
  return new Map(all.flatMap(([one, answered]) => (answered === undefined ? [] : [[one, answered] as const])));
}

function losesRecords({ token, operation, have, want }: Change): boolean {
  if (token !== tokens.topic) return false;
  return operation === "delete" || (have !== undefined && Number(want?.partitions) < Number(have.partitions));
}
