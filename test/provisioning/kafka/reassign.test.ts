import { describe, expect, test } from "@jest/globals";
import { type Replicas, without, withReplicationFactor } from "../../../provisioning/kafka/reassign.ts";

const brokers = [0, 1, 2, 3];
const inSync = (...lists: number[][]): Replicas[] =>
  lists.map((replicas, partition) => ({ partition, replicas, inSync: replicas }));
const assigned = (partitions: Replicas[], factor: number, among = brokers) =>
  withReplicationFactor(partitions, among, factor).map(({ replicas }) => replicas);

describe("with another replication factor", () => {
  test("the same one moves nothing", () => {
    expect(assigned(inSync([2, 0], [1, 3]), 2)).toEqual([
      [2, 0],
      [1, 3],
    ]);
  });

  test("what is added is spread, and what is there stays first", () => {
    const grown = assigned(inSync([0], [0], [0], [0]), 3);
    expect(grown.every(([first]) => first === 0)).toBe(true);
    const perBroker = brokers.map((id) => grown.flat().filter((each) => each === id).length);
    expect(perBroker[0]).toBe(4);
    expect(Math.max(...perBroker.slice(1)) - Math.min(...perBroker.slice(1))).toBeLessThanOrEqual(1);
    for (const replicas of grown) expect(new Set(replicas).size).toBe(3);
  });

  test("what is taken away is what lags, and otherwise the last", () => {
    expect(assigned([{ partition: 0, replicas: [3, 1, 2], inSync: [1, 2] }], 2)).toEqual([[1, 2]]);
    expect(assigned(inSync([3, 1, 2]), 1)).toEqual([[3]]);
  });

  test("more replicas than brokers are refused", () => {
    expect(() => assigned(inSync([0]), 3, [0, 1])).toThrow("3 replicas need 3 brokers; found 2");
  });
});

describe("without a broker", () => {
  const left = (partitions: Replicas[], leaving: number, among = brokers) =>
    without(partitions, among, leaving).map(({ replicas }) => replicas);

  test("its replicas go to those that have fewest, and the others stay where they are", () => {
    expect(left(inSync([3], [3, 0], [0, 1], [3, 1, 2]), 3)).toEqual([[2], [0, 1], [0, 1], [1, 2, 0]]);
  });

  test("where too few brokers stay there are as many replicas as brokers", () => {
    expect(left(inSync([0, 1, 2]), 2, [0, 1, 2])).toEqual([[0, 1]]);
  });
});
