import { wouldLose } from "./declared-topics.ts";
import type { RecordCount, ResourceType, Session, TopicFacts } from "./resource-type.ts";

export interface TopicArgs extends TopicFacts {
  readonly name: string;
  /** Whether a change may lose its records. */
  readonly allowDataLoss: boolean;
}

/** What turns a topic into another; pure. */
export type TopicStep =
  | { readonly do: "create" }
  | { readonly do: "delete" }
  | { readonly do: "addPartitions"; readonly count: number }
  | { readonly do: "setReplicationFactor"; readonly factor: number }
  | { readonly do: "setConfig" };

/**
 * The steps from `have` to `want`. Throws for what would lose records without leave.
 * @param content what the topic holds now
 */
export function planTopic(want: TopicArgs, have: TopicFacts | undefined, content: RecordCount): TopicStep[] {
  if (have === undefined) return [{ do: "create" }];
  if (want.partitions < have.partitions && (want.allowDataLoss || content.records === 0)) {
    return [{ do: "delete" }, { do: "create" }]; // Kafka takes no partition away
  }
  if (want.partitions < have.partitions) throw new Error(wouldLose(want.name, content));
  return [
    ...(want.partitions > have.partitions ? [{ do: "addPartitions", count: want.partitions } as const] : []),
    ...(want.replicationFactor === have.replicationFactor
      ? []
      : [{ do: "setReplicationFactor", factor: want.replicationFactor } as const]),
    ...(sameConfig(want.config, have.config) ? [] : [{ do: "setConfig" } as const]),
  ];
}

/** A Kafka topic, over the admin API. One that exists already is adopted. */
export const topic: ResourceType<TopicArgs, TopicArgs> = {
  token: "bramble:kafka:Topic",
  replaceOn: ["name"],
  deleteBeforeReplace: false,
  local: ["allowDataLoss"],
  id: ({ name }) => name,
  async observe(session, { name, allowDataLoss }) {
    const facts = await (await session.topics()).describe(name);
    return facts === undefined ? undefined : { name, allowDataLoss, ...facts };
  },
  async validate(session, want, have) {
    await plan(session, want, have);
  },
  async apply(session, want, have) {
    const topics = await session.topics();
    for (const step of await plan(session, want, have)) {
      if (step.do === "create") await topics.create(want.name, want);
      else if (step.do === "delete") await topics.delete(want.name);
      else if (step.do === "addPartitions") await topics.addPartitions(want.name, step.count);
      else if (step.do === "setReplicationFactor") {
        await topics.setReplicationFactor(want.name, step.factor, session.progress);
      } else await topics.setConfig(want.name, want.config);
    }
    return want;
  },
  steps: () => [],
  async remove(session, { name }) {
    await (await session.topics()).delete(name);
  },
};

const nothing: RecordCount = { records: 0, isExact: true };

/** Records are counted only where a change could lose them. */
async function plan(session: Session, want: TopicArgs, have: TopicArgs | undefined): Promise<TopicStep[]> {
  const shrinks = have !== undefined && want.partitions < have.partitions;
  return planTopic(want, have, shrinks ? await (await session.topics()).records(want.name) : nothing);
}

function sameConfig(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean {
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...keys].every((key) => a[key] === b[key]);
}
