import { expect, test } from "@jest/globals";
import { openDriver } from "bramble/test";
import { byKey, written } from "./case-folder.ts";
import { cases } from "./cases.ts";

test.each(cases)("$why", async (each) => {
  const { sent = [], topics = {}, unordered = [], printed = {}, lines = {}, deadLetters = {} } = each;
  const driver = await openDriver(written(each, "p"));
  for (const { topic, value, ...context } of sent) driver.send(topic, value, context);
  driver.finish();
  for (const [topic, wanted] of Object.entries(topics)) {
    expect({ [topic]: byKey(driver.records(topic), unordered.includes(topic)) }).toEqual({ [topic]: wanted });
  }
  for (const [service, lines] of Object.entries(printed)) {
    expect(driver.printedTexts(service).map((stages) => stages.at(-1))).toEqual(lines);
  }
  for (const [service, wanted] of Object.entries(lines)) expect(driver.lines(service)).toEqual(wanted);
  for (const [service, causes] of Object.entries(deadLetters)) {
    expect(driver.deadLetters(service).map(({ message }) => message)).toEqual(causes);
  }
});
