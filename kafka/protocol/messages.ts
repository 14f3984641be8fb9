/**
 * The requests that bramble makes, with the versions that it speaks. Source: Kafka's message definitions
 * (clients/src/main/resources/common/message), whose names the fields have.
 */
import {
  array,
  boolean,
  bytes,
  int8,
  int16,
  int32,
  int64,
  nullableArray,
  nullableBytes,
  nullableString,
  string,
  struct,
  type Type,
  upTo,
  uuid,
} from "./types.ts";

/** A kind of request, and what answers it. */
export interface Api<Request, Response> {
  readonly key: number;
  readonly name: string;
  /** The versions that it is spoken in, both inclusive: the highest that the broker has too is taken. */
  readonly versions: readonly [number, number];
  /** From this version on, messages are flexible (KIP-482). */
  readonly flexibleFrom: number;
  readonly request: Type<Request>;
  readonly response: Type<Response>;
}

const throttleTimeMs = int32;

/** Who asks is no replica; and no epoch, and no offset, where there is none to tell. */
export const NO_REPLICA = -1;
export const NO_EPOCH = -1;
export const NO_OFFSET = -1n;

export const apiVersions = api({
  key: 18,
  name: "ApiVersions",
  versions: [3, 3],
  flexibleFrom: 3,
  request: struct({ clientSoftwareName: string, clientSoftwareVersion: string }),
  response: struct(
    {
      errorCode: int16,
      apiKeys: array(struct({ apiKey: int16, minVersion: int16, maxVersion: int16 })),
      throttleTimeMs,
    },
    { 2: "finalizedFeatures" },
    { finalizedFeatures: array(struct({ name: string, maxVersionLevel: int16, minVersionLevel: int16 })) },
  ),
});

export const metadata = api({
  key: 3,
  name: "Metadata",
  versions: [10, 12],
  flexibleFrom: 9,
  request: struct({
    /** Null for all. */
    topics: nullableArray(struct({ topicId: uuid, name: nullableString })),
    allowAutoTopicCreation: boolean,
    includeClusterAuthorizedOperations: upTo(10, boolean, false),
    includeTopicAuthorizedOperations: boolean,
  }),
  response: struct({
    throttleTimeMs,
    brokers: array(struct({ nodeId: int32, host: string, port: int32, rack: nullableString })),
    clusterId: nullableString,
    controllerId: int32,
    topics: array(
      struct({
        errorCode: int16,
        name: nullableString,
        topicId: uuid,
        isInternal: boolean,
        partitions: array(
          struct({
            errorCode: int16,
            partitionIndex: int32,
            leaderId: int32,
            leaderEpoch: int32,
            replicaNodes: array(int32),
            isrNodes: array(int32),
            offlineReplicas: array(int32),
          }),
        ),
        topicAuthorizedOperations: int32,
      }),
    ),
    clusterAuthorizedOperations: upTo(10, int32, 0),
  }),
});

/** `keyType` of FindCoordinator. */
export const GROUP = 0;
export const TRANSACTION = 1;

export const findCoordinator = api({
  key: 10,
  name: "FindCoordinator",
  versions: [3, 3],
  flexibleFrom: 3,
  request: struct({ key: string, keyType: int8 }),
  response: struct({
    throttleTimeMs,
    errorCode: int16,
    errorMessage: nullableString,
    nodeId: int32,
    host: string,
    port: int32,
  }),
});

/** `timestamp` of ListOffsets. */
export const LATEST = -1n;
export const EARLIEST = -2n;

/** `isolationLevel` of ListOffsets and Fetch. */
export const READ_UNCOMMITTED = 0;
export const READ_COMMITTED = 1;

export const listOffsets = api({
  key: 2,
  name: "ListOffsets",
  versions: [6, 6],
  flexibleFrom: 6,
  request: struct({
    replicaId: int32,
    isolationLevel: int8,
    topics: array(
      struct({
        name: string,
        partitions: array(struct({ partitionIndex: int32, currentLeaderEpoch: int32, timestamp: int64 })),
      }),
    ),
  }),
  response: struct({
    throttleTimeMs,
    topics: array(
      struct({
        name: string,
        partitions: array(
          struct({ partitionIndex: int32, errorCode: int16, timestamp: int64, offset: int64, leaderEpoch: int32 }),
        ),
      }),
    ),
  }),
});

export const offsetForLeaderEpoch = api({
  key: 23,
  name: "OffsetForLeaderEpoch",
  versions: [4, 4],
  flexibleFrom: 4,
  request: struct({
    replicaId: int32,
    topics: array(
      struct({
        topic: string,
        partitions: array(struct({ partition: int32, currentLeaderEpoch: int32, leaderEpoch: int32 })),
      }),
    ),
  }),
  response: struct({
    throttleTimeMs,
    topics: array(
      struct({
        topic: string,
        partitions: array(struct({ errorCode: int16, partition: int32, leaderEpoch: int32, endOffset: int64 })),
      }),
    ),
  }),
});

export const fetch = api({
  key: 1,
  name: "Fetch",
  versions: [12, 12],
  flexibleFrom: 12,
  request: struct({
    replicaId: int32,
    maxWaitMs: int32,
    minBytes: int32,
    maxBytes: int32,
    isolationLevel: int8,
    sessionId: int32,
    sessionEpoch: int32,
    topics: array(
      struct({
        topic: string,
        partitions: array(
          struct({
            partition: int32,
            currentLeaderEpoch: int32,
            fetchOffset: int64,
            lastFetchedEpoch: int32,
            logStartOffset: int64,
            partitionMaxBytes: int32,
          }),
        ),
      }),
    ),
    forgottenTopicsData: array(struct({ topic: string, partitions: array(int32) })),
    rackId: string,
  }),
  response: struct({
    throttleTimeMs,
    errorCode: int16,
    sessionId: int32,
    responses: array(
      struct({
        topic: string,
        partitions: array(
          struct({
            partitionIndex: int32,
            errorCode: int16,
            highWatermark: int64,
            lastStableOffset: int64,
            logStartOffset: int64,
            abortedTransactions: nullableArray(struct({ producerId: int64, firstOffset: int64 })),
            preferredReadReplica: int32,
            records: nullableBytes,
          }),
        ),
      }),
    ),
  }),
});

export const produce = api({
  key: 0,
  name: "Produce",
  versions: [9, 11],
  flexibleFrom: 9,
  request: struct({
    transactionalId: nullableString,
    acks: int16,
    timeoutMs: int32,
    topicData: array(struct({ name: string, partitionData: array(struct({ index: int32, records: nullableBytes })) })),
  }),
  response: struct({
    responses: array(
      struct({
        name: string,
        partitionResponses: array(
          struct({
            index: int32,
            errorCode: int16,
            baseOffset: int64,
            logAppendTimeMs: int64,
            logStartOffset: int64,
            recordErrors: array(struct({ batchIndex: int32, batchIndexErrorMessage: nullableString })),
            errorMessage: nullableString,
          }),
        ),
      }),
    ),
    throttleTimeMs,
  }),
});

export const initProducerId = api({
  key: 22,
  name: "InitProducerId",
  versions: [4, 4],
  flexibleFrom: 2,
  request: struct({
    transactionalId: nullableString,
    transactionTimeoutMs: int32,
    producerId: int64,
    producerEpoch: int16,
  }),
  response: struct({ throttleTimeMs, errorCode: int16, producerId: int64, producerEpoch: int16 }),
});

export const addPartitionsToTxn = api({
  key: 24,
  name: "AddPartitionsToTxn",
  versions: [3, 3],
  flexibleFrom: 3,
  request: struct({
    transactionalId: string,
    producerId: int64,
    producerEpoch: int16,
    topics: array(struct({ name: string, partitions: array(int32) })),
  }),
  response: struct({
    throttleTimeMs,
    resultsByTopic: array(
      struct({ name: string, resultsByPartition: array(struct({ partitionIndex: int32, partitionErrorCode: int16 })) }),
    ),
  }),
});

export const addOffsetsToTxn = api({
  key: 25,
  name: "AddOffsetsToTxn",
  versions: [3, 3],
  flexibleFrom: 3,
  request: struct({ transactionalId: string, producerId: int64, producerEpoch: int16, groupId: string }),
  response: struct({ throttleTimeMs, errorCode: int16 }),
});

const committedOffset = struct({
  partitionIndex: int32,
  committedOffset: int64,
  committedLeaderEpoch: int32,
  committedMetadata: nullableString,
});

const partitionErrors = struct({
  throttleTimeMs,
  topics: array(struct({ name: string, partitions: array(struct({ partitionIndex: int32, errorCode: int16 })) })),
});

export const txnOffsetCommit = api({
  key: 28,
  name: "TxnOffsetCommit",
  versions: [3, 4],
  flexibleFrom: 3,
  request: struct({
    transactionalId: string,
    groupId: string,
    producerId: int64,
    producerEpoch: int16,
    generationId: int32,
    memberId: string,
    groupInstanceId: nullableString,
    topics: array(struct({ name: string, partitions: array(committedOffset) })),
  }),
  response: partitionErrors,
});

export const endTxn = api({
  key: 26,
  name: "EndTxn",
  versions: [3, 4],
  flexibleFrom: 3,
  request: struct({ transactionalId: string, producerId: int64, producerEpoch: int16, committed: boolean }),
  response: struct({ throttleTimeMs, errorCode: int16 }),
});

export const offsetCommit = api({
  key: 8,
  name: "OffsetCommit",
  versions: [8, 8],
  flexibleFrom: 8,
  request: struct({
    groupId: string,
    generationId: int32,
    memberId: string,
    groupInstanceId: nullableString,
    topics: array(struct({ name: string, partitions: array(committedOffset) })),
  }),
  response: partitionErrors,
});

export const offsetFetch = api({
  key: 9,
  name: "OffsetFetch",
  versions: [7, 7],
  flexibleFrom: 6,
  request: struct({
    groupId: string,
    topics: nullableArray(struct({ name: string, partitionIndexes: array(int32) })),
    requireStable: boolean,
  }),
  response: struct({
    throttleTimeMs,
    topics: array(
      struct({
        name: string,
        partitions: array(
          struct({
            partitionIndex: int32,
            committedOffset: int64,
            committedLeaderEpoch: int32,
            metadata: nullableString,
            errorCode: int16,
          }),
        ),
      }),
    ),
    errorCode: int16,
  }),
});

export const joinGroup = api({
  key: 11,
  name: "JoinGroup",
  versions: [7, 7],
  flexibleFrom: 6,
  request: struct({
    groupId: string,
    sessionTimeoutMs: int32,
    rebalanceTimeoutMs: int32,
    memberId: string,
    groupInstanceId: nullableString,
    protocolType: string,
    protocols: array(struct({ name: string, metadata: bytes })),
  }),
  response: struct({
    throttleTimeMs,
    errorCode: int16,
    generationId: int32,
    protocolType: nullableString,
    protocolName: nullableString,
    leader: string,
    memberId: string,
    members: array(struct({ memberId: string, groupInstanceId: nullableString, metadata: bytes })),
  }),
});

export const syncGroup = api({
  key: 14,
  name: "SyncGroup",
  versions: [5, 5],
  flexibleFrom: 4,
  request: struct({
    groupId: string,
    generationId: int32,
    memberId: string,
    groupInstanceId: nullableString,
    protocolType: nullableString,
    protocolName: nullableString,
    assignments: array(struct({ memberId: string, assignment: bytes })),
  }),
  response: struct({
    throttleTimeMs,
    errorCode: int16,
    protocolType: nullableString,
    protocolName: nullableString,
    assignment: bytes,
  }),
});

export const heartbeat = api({
  key: 12,
  name: "Heartbeat",
  versions: [4, 4],
  flexibleFrom: 4,
  request: struct({ groupId: string, generationId: int32, memberId: string, groupInstanceId: nullableString }),
  response: struct({ throttleTimeMs, errorCode: int16 }),
});

export const leaveGroup = api({
  key: 13,
  name: "LeaveGroup",
  versions: [4, 4],
  flexibleFrom: 4,
  request: struct({
    groupId: string,
    members: array(struct({ memberId: string, groupInstanceId: nullableString })),
  }),
  response: struct({
    throttleTimeMs,
    errorCode: int16,
    members: array(struct({ memberId: string, groupInstanceId: nullableString, errorCode: int16 })),
  }),
});

export const describeGroups = api({
  key: 15,
  name: "DescribeGroups",
  versions: [5, 5],
  flexibleFrom: 5,
  request: struct({ groups: array(string), includeAuthorizedOperations: boolean }),
  response: struct({
    throttleTimeMs,
    groups: array(
      struct({
        errorCode: int16,
        groupId: string,
        groupState: string,
        protocolType: string,
        protocolData: string,
        members: array(
          struct({
            memberId: string,
            groupInstanceId: nullableString,
            clientId: string,
            clientHost: string,
            memberMetadata: bytes,
            memberAssignment: bytes,
          }),
        ),
        authorizedOperations: int32,
      }),
    ),
  }),
});

/** `resourceType` of DescribeConfigs: a topic. */
export const TOPIC = 2;

export const describeConfigs = api({
  key: 32,
  name: "DescribeConfigs",
  versions: [4, 4],
  flexibleFrom: 4,
  request: struct({
    resources: array(struct({ resourceType: int8, resourceName: string, configurationKeys: nullableArray(string) })),
    includeSynonyms: boolean,
    includeDocumentation: boolean,
  }),
  response: struct({
    throttleTimeMs,
    results: array(
      struct({
        errorCode: int16,
        errorMessage: nullableString,
        resourceType: int8,
        resourceName: string,
        configs: array(
          struct({
            name: string,
            value: nullableString,
            readOnly: boolean,
            configSource: int8,
            isSensitive: boolean,
            synonyms: array(struct({ name: string, value: nullableString, source: int8 })),
            configType: int8,
            documentation: nullableString,
          }),
        ),
      }),
    ),
  }),
});

export const listGroups = api({
  key: 16,
  name: "ListGroups",
  versions: [3, 3],
  flexibleFrom: 3,
  request: struct({}),
  response: struct({
    throttleTimeMs,
    errorCode: int16,
    groups: array(struct({ groupId: string, protocolType: string })),
  }),
});

export const deleteGroups = api({
  key: 42,
  name: "DeleteGroups",
  versions: [2, 2],
  flexibleFrom: 2,
  request: struct({ groupsNames: array(string) }),
  response: struct({ throttleTimeMs, results: array(struct({ groupId: string, errorCode: int16 })) }),
});

export const createTopics = api({
  key: 19,
  name: "CreateTopics",
  versions: [7, 7],
  flexibleFrom: 5,
  request: struct({
    topics: array(
      struct({
        name: string,
        numPartitions: int32,
        replicationFactor: int16,
        assignments: array(struct({ partitionIndex: int32, brokerIds: array(int32) })),
        configs: array(struct({ name: string, value: nullableString })),
      }),
    ),
    timeoutMs: int32,
    validateOnly: boolean,
  }),
  response: struct({
    throttleTimeMs,
    topics: array(
      struct({
        name: string,
        topicId: uuid,
        errorCode: int16,
        errorMessage: nullableString,
        numPartitions: int32,
        replicationFactor: int16,
        configs: nullableArray(
          struct({ name: string, value: nullableString, readOnly: boolean, configSource: int8, isSensitive: boolean }),
        ),
      }),
    ),
  }),
});

export const deleteTopics = api({
  key: 20,
  name: "DeleteTopics",
  versions: [6, 6],
  flexibleFrom: 4,
  request: struct({ topics: array(struct({ name: nullableString, topicId: uuid })), timeoutMs: int32 }),
  response: struct({
    throttleTimeMs,
    responses: array(struct({ name: nullableString, topicId: uuid, errorCode: int16, errorMessage: nullableString })),
  }),
});

function api<Request, Response>(definition: Api<Request, Response>): Api<Request, Response> {
  return definition;
}
