import type { ResourceType, TopicFacts } from "./resource-type.ts";

export interface TopicArgs extends TopicFacts {
  readonly name: string;
}

/** What turns a topic into another; pure. */
export type TopicStep =
  | { readonly do: "create" }
  | { readonly do: "addPartitions"; readonly count: number }
  | { readonly do: "setConfig" };

/** The steps from `have` to `want`. Throws for what would lose records or move replicas. */
export function planTopic(want: TopicArgs, have: TopicFacts | undefined): TopicStep[] {
  if (have === undefined) return [{ do: "create" }];
  const faults: string[] = [];
  if (want.partitions < have.partitions) {
    faults.push(
      `topic ${want.name}: found ${have.partitions} partitions, wanted ${want.partitions}: Kafka cannot take partitions away without losing their records. Keep ${have.partitions}, or delete the topic yourself first.`,
    );
  }
  if (want.replicationFactor !== have.replicationFactor) {
    faults.push(
      `topic ${want.name}: found replication factor ${have.replicationFactor}, wanted ${want.replicationFactor}: replicas are not moved between brokers. Keep ${have.replicationFactor}, or use kafka-reassign-partitions.sh and then write what it made.`,
    );
  }
  if (faults.length > 0) throw new Error(faults.join("\n"));
  return [
    ...(want.partitions > have.partitions ? [{ do: "addPartitions", count: want.partitions } as const] : []),
    ...(sameConfig(want.config, have.config) ? [] : [{ do: "setConfig" } as const]),
  ];
}

/** A Kafka topic, over the admin API. One that exists already is adopted. */
export const topic: ResourceType<TopicArgs, TopicArgs> = {
  token: "bramble:kafka:Topic",
  replaceOn: ["name"],
  deleteBeforeReplace: false,
  local: [],
  id: ({ name }) => name,
  async observe(session, { name }) {
    const facts = await (await session.topics()).describe(name);
    return facts === undefined ? undefined : { name, ...facts };
  },
  async foresee(_session, want, have) {
    planTopic(want, have);
  },
  async apply(session, want, have) {
    const topics = await session.topics();
    for (const step of planTopic(want, have)) {
      if (step.do === "create") await topics.create(want.name, want);
      else if (step.do === "addPartitions") await topics.addPartitions(want.name, step.count);
      else await topics.setConfig(want.name, want.config);
    }
    return want;
  },
  async remove(session, { name }) {
    await (await session.topics()).delete(name);
  },
};

function sameConfig(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean {
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...keys].every((key) => a[key] === b[key]);
}
