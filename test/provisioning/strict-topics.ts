import type { Session, TopicFacts, Topics } from "../../provisioning/resources/resource-type.ts";

/** A cluster in memory that holds these topics, with how many records each; every change is told, in order. */
export function strictTopics(topics: Record<string, TopicFacts & { records?: number }>) {
  const changes: unknown[][] = [];
  const held = (name: string) => {
    const topic = topics[name];
    if (topic === undefined) throw new Error(`there is no topic ${name}`);
    return topic;
  };
  const facts = ({ partitions, replicationFactor, config }: TopicFacts) => ({ partitions, replicationFactor, config });
  const admin: Topics = {
    describe: async (name) => (topics[name] === undefined ? undefined : facts(held(name))),
    records: async (name) => ({ records: held(name).records ?? 0, isExact: true }),
    alone: async () => new Map(),
    heldBy: async () => Object.keys(topics),
    async create(name, topic) {
      if (topics[name] !== undefined) throw new Error(`topic ${name} is there already`);
      changes.push(["create", name]);
      topics[name] = facts(topic);
    },
    async addPartitions(name, count) {
      if (count <= held(name).partitions) throw new Error(`${name}: Kafka adds partitions, and takes none away`);
      changes.push(["addPartitions", name, count]);
      topics[name] = { ...held(name), partitions: count };
    },
    async setReplicationFactor(name, replicationFactor) {
      changes.push(["setReplicationFactor", name, replicationFactor]);
      topics[name] = { ...held(name), replicationFactor };
    },
    async moveAway(address) {
      changes.push(["moveAway", address]);
      return 3;
    },
    async unregister(id) {
      changes.push(["unregister", id]);
    },
    async setConfig(name, config) {
      changes.push(["setConfig", name, config]);
      topics[name] = { ...held(name), config };
    },
    async delete(name) {
      changes.push(["delete", name]);
      delete topics[name];
    },
  };
  const nothingOf = (what: string) => () => Promise.reject(new Error(`nothing here should ask for ${what}`));
  const session: Session = {
    topics: async () => admin,
    host: nothingOf("a host"),
    dynamicConfig: nothingOf("settings"),
    turn: nothingOf("a turn"),
    progress: () => {},
  };
  return { session, changes };
}
