import { expect, test } from "@jest/globals";
import { refusalIn } from "../../../runtime/kafka/refused-records.ts";

const records = ["a", "b", "c"].map((value) => ({ topic: "out", key: null, value }));
const messages = records.map((record) => ({ value: record.value, record }));
const taken = { partition: 1, errorCode: 0, errorMessage: null, recordErrors: [] };

const thrown = (...partitions: object[]) =>
  Object.assign(new Error("as kafkajs throws it"), { answer: [{ topicName: "out", partitions }] });

test("a refusal names the records that the broker names, with its reason and what to do", () => {
  const refusal = refusalIn(
    thrown(taken, {
      partition: 0,
      errorCode: 32,
      errorMessage: "some were rejected",
      recordErrors: [
        { index: 0, message: "Timestamp 9 is out of range" },
        { index: 2, message: null },
      ],
      messages,
    }),
  );
  expect(refusal?.isExact).toBe(true);
  expect(refusal?.refused.map(({ record }) => record)).toEqual([records[0], records[2]]);
  expect(refusal?.message).toMatch(
    /^Kafka refused the record for out: Timestamp 9 is out of range \(INVALID_TIMESTAMP\); its event time is too far/,
  );
  expect(refusal?.refused[1]?.problem).toMatch(/^Kafka refused the record for out: some were rejected/);
});

test("a batch that is refused as a whole is all its records; of one alone it is clear which", () => {
  const whole = { partition: 0, errorCode: 10, errorMessage: null, recordErrors: [] };
  const several = refusalIn(thrown({ ...whole, messages }));
  expect([several?.isExact, several?.refused.map(({ record }) => record)]).toEqual([false, records]);
  expect(several?.message).toBe("Kafka refused the record for out: no reason given (MESSAGE_TOO_LARGE)");
  expect(refusalIn(thrown({ ...whole, messages: messages.slice(1, 2) }))).toMatchObject({
    isExact: true,
    refused: [{ record: records[1] }],
  });
});

test("no other error is a refusal, nor one beside which another partition has another error", () => {
  const invalid = { partition: 0, errorCode: 87, errorMessage: null, recordErrors: [], messages };
  const notLeader = { ...taken, errorCode: 6 };
  expect([refusalIn(new Error("no connection")), refusalIn(thrown(invalid, notLeader))]).toEqual([
    undefined,
    undefined,
  ]);
});
