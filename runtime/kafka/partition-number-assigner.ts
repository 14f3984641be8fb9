import { type Assigner, AssignerProtocol, type Cluster, type GroupMember, type GroupMemberAssignment } from "kafkajs";

const VERSION = 0;

/**
 * Gives partitions of one number, of all topics, to one member, as Kafka Streams does: a merged stream's state is that of a
 * partition number, whatever topic a record came from. For a single topic this is what kafkajs's own assigner does, whose
 * name it therefore keeps.
 */
export function byPartitionNumber({ cluster }: { readonly cluster: Cluster }): Assigner {
  return {
    name: "RoundRobinAssigner",
    version: VERSION,
    assign: async ({ members, topics }) => {
      const partitions = topics.flatMap((topic) =>
        cluster.findTopicPartitionMetadata(topic).map(({ partitionId }) => ({ topic, partition: partitionId })),
      );
      return shared(members, partitions);
    },
    protocol: ({ topics }) => ({
      name: "RoundRobinAssigner",
      metadata: AssignerProtocol.MemberMetadata.encode({ version: VERSION, topics, userData: Buffer.alloc(0) }),
    }),
  };
}

function shared(
  members: readonly GroupMember[],
  partitions: readonly { readonly topic: string; readonly partition: number }[],
): GroupMemberAssignment[] {
  return members
    .map(({ memberId }) => memberId)
    .sort()
    .map((memberId, i) => {
      const its = partitions.filter(({ partition }) => partition % members.length === i);
      const assignment = Object.fromEntries(
        [...Map.groupBy(its, ({ topic }) => topic)].map(([topic, each]) => [
          topic,
          each.map(({ partition }) => partition),
        ]),
      );
      const encoded = { version: VERSION, assignment, userData: Buffer.alloc(0) };
      return { memberId, memberAssignment: AssignerProtocol.MemberAssignment.encode(encoded) };
    });
}
