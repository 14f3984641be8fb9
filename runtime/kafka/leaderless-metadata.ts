import response, { type Metadata } from "kafkajs/src/protocol/requests/metadata/v6/response.js";

const { parse } = response;

/**
 * kafkajs tells nothing of any partition as long as one that it asked for, which may be all that there are, has no leader
 * (tulios/kafkajs#1460). After this call, in all of the process, such a partition has the leader -1. Not for services: they
 * wait for a leader by asking again until there is no error.
 */
export function readLeaderlessMetadata(): void {
  response.parse = (metadata) => parse(withoutPartitionErrors(metadata));
}

/** What they say of a leader, the leader says too. */
function withoutPartitionErrors(metadata: Metadata): Metadata {
  const topicMetadata = metadata.topicMetadata.map((topic) => ({
    ...topic,
    partitionMetadata: topic.partitionMetadata.map((partition) => ({ ...partition, partitionErrorCode: 0 })),
  }));
  return { ...metadata, topicMetadata };
}
