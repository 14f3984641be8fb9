/** The parts of kafkajs 2.2.4 that it does not export and that reading a partition without a group needs. */
declare module "kafkajs/src/cluster/index.js" {
  export interface ProtocolCall<T> {
    readonly request: { apiKey: number; apiVersion: number; apiName: string; encode(): Promise<unknown> };
    readonly response: { decode(payload: Buffer): Promise<T>; parse(decoded: T): Promise<T> };
  }
  export interface FetchedPartition {
    readonly highWatermark: string;
    readonly lastStableOffset: string;
    /** With control records and what was aborted. */
    readonly messages: readonly { readonly offset: string }[];
  }
  export interface Broker {
    readonly nodeId: number;
    readonly connectionPool: { send<T>(call: ProtocolCall<T>): Promise<T> };
    describeGroups(options: {
      groupIds: string[];
    }): Promise<{ groups: { members: { memberId: string; clientId: string }[] }[] }>;
    describeConfigs(options: {
      resources: { type: number; name: string; configNames: string[] }[];
    }): Promise<{ resources: { configEntries: { configName: string; configValue: string }[] }[] }>;
    fetch(options: object): Promise<{ responses: { partitions: FetchedPartition[] }[] }>;
    leaveGroup(options: { groupId: string; memberId: string }): Promise<unknown>;
  }
  export default class Cluster {
    constructor(options: Record<string, unknown>);
    readonly brokerPool: { findConnectedBroker(): Promise<Broker> };
    connect(): Promise<void>;
    disconnect(): Promise<void>;
    refreshMetadata(): Promise<void>;
    addMultipleTargetTopics(topics: readonly string[]): Promise<void>;
    findBroker(options: { nodeId: number | string }): Promise<Broker>;
    findGroupCoordinator(options: { groupId: string }): Promise<Broker>;
    findTopicPartitionMetadata(topic: string): { partitionId: number; leader: number }[];
    fetchTopicsOffset(
      topics: { topic: string; partitions: { partition: number }[]; fromBeginning: boolean }[],
    ): Promise<{ topic: string; partitions: { partition: number; offset: string }[] }[]>;
  }
}

declare module "kafkajs/src/protocol/encoder.js" {
  export default class Encoder {
    writeInt8(value: number): this;
    writeInt32(value: number): this;
    writeInt64(value: string): this;
    writeString(value: string): this;
    writeArray(values: Encoder[]): this;
    writeBoolean(value: boolean): this;
    writeUVarIntString(value: string): this;
    writeUVarIntArray(values: Encoder[]): this;
    /** Without an argument: an empty buffer of tagged fields. */
    writeUVarIntBytes(): this;
  }
}

declare module "kafkajs/src/protocol/decoder.js" {
  export default class Decoder {
    constructor(buffer: Buffer);
    readBoolean(): boolean;
    readInt8(): number;
    readInt16(): number;
    readInt32(): number;
    readInt64(): { toString(): string };
    readString(): string;
    readBytes(): Buffer | null;
    readArray<T>(read: (decoder: Decoder) => T): T[];
    readUVarIntString(): string;
    readUVarIntArray<T>(read: (decoder: Decoder) => T): T[];
    readTaggedFields(): void;
  }
}

declare module "kafkajs/src/protocol/error.js" {
  export function failure(code: number): boolean;
  export function createErrorFromCode(code: number): Error;
}

declare module "kafkajs/src/consumer/batch.js" {
  import type { KafkaMessage } from "kafkajs";
  export default class Batch {
    constructor(topic: string, fetchedOffset: string, partitionData: object);
    readonly messages: KafkaMessage[];
  }
}

declare module "kafkajs/src/protocol/requests/metadata/v6/response.js" {
  export interface Metadata {
    readonly topicMetadata: readonly {
      readonly partitionMetadata: readonly { readonly partitionErrorCode: number }[];
    }[];
  }
  const response: { parse(metadata: Metadata): Promise<Metadata> };
  export default response;
}
