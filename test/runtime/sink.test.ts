import { expect, test } from "@jest/globals";
import { ChainState } from "../../operators/chain-state.ts";
import type { Service } from "../../runtime/service.ts";
import { openSink } from "../../runtime/sink.ts";

const values = ["57.2", "<3>fire", ""];

test.each([
  ["values", false, ["57.2", "<6><3>fire", '""']],
  ["stages", true, ["20 -> 57.2", "20 -> <3>fire", '20 -> ""']],
])("a log gets %s as the journal keeps them", async (_, stages, lines) => {
  const printed: string[] = [];
  const print = async (text: string) => void printed.push(text);
  const service = { spec: { output: { kind: "log", stages } }, print } as unknown as Service;
  const sink = await openSink(service, 0, { get: () => undefined });
  const origin = { offset: 0n, nth: 0 };
  const outputs = values.map((value) => ({ topic: "", key: null, value, timestamp: "0", headers: {}, ...origin }));
  const paths = values.map((value) => ["20", value]);
  await sink.take({ state: new ChainState(), outputs, paths, poison: [] }, async () => {});
  expect(printed).toEqual([lines.map((line) => `${line}\n`).join("")]);
});
