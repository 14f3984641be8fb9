import { expect, test } from "@jest/globals";
import kafkajs from "kafkajs";
import { isForming } from "../../../provisioning/kafka/protocol-errors.ts";

const said = (type: string) =>
  new kafkajs.KafkaJSProtocolError({ message: type, type, code: 0, retriable: true } as never);

test.each([
  ["a partition has no leader", said("LEADER_NOT_AVAILABLE"), true],
  ["a broker is told of that went down a moment ago", new kafkajs.KafkaJSConnectionError("refused"), true],
  ["the same, behind other words", new Error("no", { cause: new kafkajs.KafkaJSConnectionError("refused") }), true],
  ["Kafka refuses for good", said("TOPIC_AUTHORIZATION_FAILED"), false],
  ["a fault of our own", new TypeError("undefined"), false],
])("whether to ask again: %s", (_, error, again) => {
  expect(isForming(error)).toBe(again);
});
