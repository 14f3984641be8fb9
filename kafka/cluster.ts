import { Connection, ConnectionError } from "./connection.ts";
import type { KafkaEndpoint } from "./endpoint.ts";
import type { ClusterDescription, TopicPartition } from "./kafka.ts";
import { errorType, isPassing, KafkaError, requireNoError } from "./protocol/error-codes.ts";
import { type Api, findCoordinator, GROUP, metadata, TRANSACTION } from "./protocol/messages.ts";
import type { ValueOf } from "./protocol/types.ts";

/** What several requests wait for each other on is one connection: what may wait for long has one of its own. */
export type Purpose = "requests" | "fetch" | "group";

export interface Leader {
  readonly nodeId: number;
  readonly epoch: number;
}

export interface Topic {
  readonly name: string;
  /** Tells it from one of the same name that was there before (KIP-516). */
  readonly id: string;
  /** By number; undefined for a partition that has no leader now. */
  readonly leaders: readonly (Leader | undefined)[];
}

export interface CoordinatorKey {
  readonly type: "group" | "transaction";
  readonly id: string;
}

export interface ClusterOptions {
  readonly endpoint: KafkaEndpoint;
  readonly clientId: string;
}

/** The brokers of a cluster, who leads and coordinates what, and a connection to each, opened when it is needed. */
export class Cluster {
  readonly #endpoint: KafkaEndpoint;
  readonly #clientId: string;
  readonly #connections = new Map<string, Promise<Connection>>();
  readonly #topics = new Map<string, Topic>();
  readonly #coordinators = new Map<string, Promise<number>>();
  #brokers: ReadonlyMap<number, string> = new Map();
  #isClosed = false;

  constructor({ endpoint, clientId }: ClusterOptions) {
    this.#endpoint = endpoint;
    this.#clientId = clientId;
  }

  close(): void {
    this.#isClosed = true;
    for (const connection of this.#connections.values()) {
      connection.then((each) => each.close()).catch(() => {});
    }
    this.#connections.clear();
  }

  /** The topic as it was last seen; asked for when it was not yet. Throws when it does not exist. */
  async topic(name: string): Promise<Topic> {
    return this.#topics.get(name) ?? ((await this.refresh([name])).get(name) as Topic);
  }

  /** Who leads a partition. Throws when nobody does. */
  async leader({ topic, partition }: TopicPartition): Promise<Leader> {
    const { leaders } = await this.topic(topic);
    const leader = leaders[partition];
    if (leader !== undefined) return leader;
    this.#topics.delete(topic);
    const where = `${topic}/${partition}`;
    if (partition >= leaders.length) throw new Error(`${where}: the partition does not exist`);
    throw new KafkaError("LEADER_NOT_AVAILABLE", where);
  }

  /** Asks for topics anew. Throws for one that does not exist. */
  async refresh(names: readonly string[]): Promise<ReadonlyMap<string, Topic>> {
    const found = await this.#metadata(names);
    for (const { errorCode, name } of found.topics) {
      if (errorCode !== 0) this.#topics.delete(name ?? "");
      // A topic that was only just made has no leaders yet.
      if (errorType(errorCode) !== "LEADER_NOT_AVAILABLE") requireNoError(errorCode, name ?? "");
    }
    const topics = found.topics.map(topicOf);
    for (const topic of topics) this.#topics.set(topic.name, topic);
    return new Map(topics.map((topic) => [topic.name, topic]));
  }

  /** The brokers that run, and those of these topics that there are. */
  async describe(names: readonly string[]): Promise<ClusterDescription> {
    const { brokers, topics } = await this.#metadata(names);
    const there = topics.filter(({ errorCode }) => errorType(errorCode) !== "UNKNOWN_TOPIC_OR_PARTITION");
    return {
      brokers: brokers.map(({ nodeId }) => nodeId),
      topics: new Map(
        there.map(({ name, partitions }) => [
          name ?? "",
          [...partitions]
            .sort((a, b) => a.partitionIndex - b.partitionIndex)
            .map(({ leaderId, replicaNodes }) => ({
              leader: leaderId < 0 ? undefined : leaderId,
              replicas: replicaNodes,
            })),
        ]),
      ),
    };
  }

  /** The broker that topics are made and deleted at, and all others. */
  async brokers(): Promise<{ readonly controller: Connection; readonly all: readonly Connection[] }> {
    const { brokers, controllerId } = await this.#metadata([]);
    const controller = await this.broker(controllerId);
    return { controller, all: await Promise.all(brokers.map(({ nodeId }) => this.broker(nodeId))) };
  }

  /** What was seen of these topics is old: who needs them asks anew. */
  forget(names: Iterable<string>): void {
    for (const name of names) this.#topics.delete(name);
  }

  async broker(nodeId: number, purpose: Purpose = "requests"): Promise<Connection> {
    const address = this.#brokers.get(nodeId) ?? (await this.#addressAfterRefresh(nodeId));
    return this.#connection(address, purpose);
  }

  /** Makes a request to the coordinator, whoever that is; one that answers that it is not is asked for no more. */
  async coordinator(key: CoordinatorKey, purpose: Purpose = "requests"): Promise<Connection> {
    const name = `${key.type} ${key.id}`;
    const known = this.#coordinators.get(name) ?? this.#findCoordinator(key);
    this.#coordinators.set(name, known);
    try {
      return await this.broker(await known, purpose);
    } catch (error) {
      this.forgetCoordinator(key);
      throw error;
    }
  }

  forgetCoordinator({ type, id }: CoordinatorKey): void {
    this.#coordinators.delete(`${type} ${id}`);
  }

  /** Asks any broker: one that there is a connection to, or else one after the other until one answers. */
  async any(): Promise<Connection> {
    for (const [name, connection] of this.#connections) {
      if (!name.startsWith("requests ")) continue;
      const open = await connection.catch(() => undefined);
      if (open?.isOpen) return open;
    }
    let failure: unknown;
    for (const address of new Set([...this.#endpoint.addresses, ...this.#brokers.values()])) {
      try {
        return await this.#connection(address, "requests");
      } catch (error) {
        failure = error;
      }
    }
    throw failure ?? new ConnectionError("(none)", "no address is known");
  }

  /** Of these topics only: as long as one host is away, some partition of some topic has no leader. */
  async #metadata(names: readonly string[]): Promise<MetadataOf> {
    const found = await this.#ask(metadata, {
      topics: names.map((name) => ({ topicId: NO_ID, name })),
      allowAutoTopicCreation: false,
      includeClusterAuthorizedOperations: false,
      includeTopicAuthorizedOperations: false,
    });
    this.#brokers = new Map(found.brokers.map(({ nodeId, host, port }) => [nodeId, addressOf(host, port)]));
    return found;
  }

  async #ask<Request, Response>(api: Api<Request, Response>, request: Request): Promise<Response> {
    return (await this.any()).request(api, request);
  }

  async #findCoordinator({ type, id }: CoordinatorKey): Promise<number> {
    const keyType = type === "group" ? GROUP : TRANSACTION;
    const { errorCode, errorMessage, nodeId, host, port } = await this.#ask(findCoordinator, { key: id, keyType });
    // Kafka's words for a coordinator that is not there are no more than the name of the error.
    const isAway = errorType(errorCode) === "COORDINATOR_NOT_AVAILABLE";
    requireNoError(errorCode, `the coordinator of ${id}`, isAway ? undefined : errorMessage);
    this.#brokers = new Map([...this.#brokers, [nodeId, addressOf(host, port)]]);
    return nodeId;
  }

  async #addressAfterRefresh(nodeId: number): Promise<string> {
    await this.refresh([]);
    const address = this.#brokers.get(nodeId);
    if (address === undefined) throw new KafkaError("BROKER_NOT_AVAILABLE", `broker ${nodeId}`, "it is not there now");
    return address;
  }

  #connection(address: string, purpose: Purpose): Promise<Connection> {
    if (this.#isClosed) return Promise.reject(new ConnectionError(address, "the client is closed"));
    const name = `${purpose} ${address}`;
    const known = this.#connections.get(name);
    if (known) return known;
    const drop = () => {
      if (this.#connections.get(name) === opened) this.#connections.delete(name);
    };
    const opened = Connection.open({ address, clientId: this.#clientId, onClose: drop });
    this.#connections.set(name, opened);
    opened.then((connection) => {
      if (this.#isClosed) connection.close();
    }, drop);
    return opened;
  }
}

/** Stands for a topic that is named. */
export const NO_ID = "0".repeat(32);

/** What those need of a cluster who send records. */
export interface ProducerCluster extends Pick<Cluster, "topic" | "leader" | "forget" | "forgetCoordinator"> {
  broker(nodeId: number, purpose?: Purpose): Promise<Requests>;
  coordinator(key: CoordinatorKey, purpose?: Purpose): Promise<Requests>;
  any(): Promise<Requests>;
}

/** And those who read them and ask about them. */
export interface ClusterClient extends ProducerCluster, Pick<Cluster, "refresh" | "describe"> {}

/** A connection, as far as requests go. */
export type Requests = Pick<Connection, "request">;

type MetadataOf = ValueOf<typeof metadata.response>;

function topicOf({ name, topicId, partitions }: MetadataOf["topics"][number]): Topic {
  const leaders: (Leader | undefined)[] = Array.from({ length: partitions.length });
  for (const { partitionIndex, leaderId, leaderEpoch } of partitions) {
    leaders[partitionIndex] = leaderId < 0 ? undefined : { nodeId: leaderId, epoch: leaderEpoch };
  }
  return { name: name ?? "", id: topicId, leaders };
}

function addressOf(host: string, port: number): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Kafka's name of an error that the same request may heal from; undefined for any other error. */
export function passingType(error: unknown): string | undefined {
  if (!(error instanceof KafkaError || error instanceof ConnectionError)) return undefined;
  return isPassing(error.type) ? error.type : undefined;
}

export interface Patience {
  /** How long to go on for. */
  readonly limitMs: number;
  readonly firstWaitMs?: number;
  readonly maxWaitMs?: number;
}

/**
 * Does something again until it succeeds, fails for good, or takes too long.
 * @param onPassing is told of each failure that passes, before the next attempt
 */
export async function patiently<T>(
  { limitMs, firstWaitMs = 2, maxWaitMs = 200 }: Patience,
  work: () => Promise<T>,
  onPassing: (error: Error) => void = () => {},
): Promise<T> {
  const until = performance.now() + limitMs;
  for (let waitMs = firstWaitMs; ; waitMs = Math.min(1.5 * waitMs, maxWaitMs)) {
    try {
      return await work();
    } catch (error) {
      if (passingType(error) === undefined || performance.now() > until) throw error;
      onPassing(error as Error);
    }
    await new Promise((resolve) => setTimeout(resolve, waitMs));
  }
}
