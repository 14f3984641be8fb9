import { askBroker } from "./ask-broker.ts";
import { keyOf, type Offsets } from "./partition-offsets.ts";
import { compactArray, compactString, int8, noTags } from "./primitive-types.ts";
import type { Reader } from "./reader.ts";

const groupKey = int8(0);
const null_ = Buffer.from([0]);
const settled = int8(0);

/**
 * Where consumer groups are, in every partition where they have committed: the last that is decided, so that an open
 * transaction is not waited for. All groups of a coordinator in one request (KIP-699, KIP-709; Kafka 3.0). A group whose
 * coordinator does not answer is left out.
 * @param server `host:port` of a broker. Throws when it does not answer.
 */
export async function committedOffsets(
  server: string,
  groups: readonly string[],
): Promise<ReadonlyMap<string, Offsets>> {
  if (groups.length === 0) return new Map();
  const coordinators = await coordinatorsOf(server, groups);
  const ofEach = [...Map.groupBy(coordinators, (each) => each.coordinator)].map(([coordinator, its]) => {
    const names = its.map(({ group }) => group);
    return offsetsOf(coordinator, names).catch(() => []);
  });
  return new Map((await Promise.all(ofEach)).flat());
}

/** Kafka protocol guide, FindCoordinator version 4, with request header v2. */
function coordinatorsOf(server: string, groups: readonly string[]) {
  return askBroker(server, "read the coordinators of consumer groups", {
    apiKey: 10,
    apiVersion: 4,
    body: Buffer.concat([noTags, groupKey, compactArray(groups.map(compactString)), noTags]),
    read(answer) {
      answer.tags(); // of the header
      answer.int32(); // throttle time
      const found = answer.compactArray(() => {
        const group = answer.compactString() ?? "";
        answer.int32(); // the broker's id
        const coordinator = `${answer.compactString()}:${answer.int32()}`;
        const error = answer.int16();
        answer.compactString(); // the error in words
        answer.tags();
        return error === 0 ? [{ group, coordinator }] : [];
      });
      return found.flat();
    },
  });
}

/** Kafka protocol guide, OffsetFetch version 8, with request header v2. */
function offsetsOf(coordinator: string, groups: readonly string[]): Promise<(readonly [string, Offsets])[]> {
  const allTopics = groups.map((group) => Buffer.concat([compactString(group), null_, noTags]));
  return askBroker(coordinator, "read the positions of consumer groups", {
    apiKey: 9,
    apiVersion: 8,
    body: Buffer.concat([noTags, compactArray(allTopics), settled, noTags]),
    read(answer) {
      answer.tags(); // of the header
      answer.int32(); // throttle time
      const found = answer.compactArray(() => {
        const group = answer.compactString() ?? "";
        const offsets = answer.compactArray(() => offsetsInTopic(answer)).flat(2);
        const error = answer.int16();
        answer.tags();
        return error === 0 ? [[group, new Map(offsets)] as const] : [];
      });
      return found.flat();
    },
  });
}

function offsetsInTopic(answer: Reader) {
  const topic = answer.compactString() ?? "";
  const offsets = answer.compactArray(() => {
    const [partition, offset] = [answer.int32(), answer.int64()];
    answer.int32(); // leader epoch
    answer.compactString(); // metadata
    const error = answer.int16();
    answer.tags();
    return error === 0 && offset >= 0 ? ([[keyOf({ topic, partition }), offset]] as const) : [];
  });
  answer.tags();
  return offsets;
}
