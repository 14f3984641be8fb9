import { inOneLine } from "../operators/format.ts";
import type { OperatorError } from "../operators/operator-error.ts";
import type { Pipeline } from "./pipeline.ts";
import { type DriverOptions, openDriver, type PipelineDriver } from "./pipeline-driver.ts";

/** What every topic and sink of a pipeline holds in the end, each in the order in which it got there. */
export interface OfflineRun {
  /** By topic; those that the pipeline only reads stay empty, as nobody is there to feed them. */
  readonly topics: ReadonlyMap<string, readonly unknown[]>;
  /** The same as JSON, in one line each: with all digits of a number, where a value has those of a double. */
  readonly texts: ReadonlyMap<string, readonly string[]>;
  /** By service with a log for its sink; each value as its stages, from what was read to what is printed. */
  readonly sinks: ReadonlyMap<string, readonly (readonly unknown[])[]>;
  /** The same as JSON. */
  readonly printed: ReadonlyMap<string, readonly (readonly string[])[]>;
  /** Lines by service with a file for its sink. */
  readonly files: ReadonlyMap<string, readonly string[]>;
  /** By service; each value that it would have put among its dead letters. */
  readonly deadLetters: ReadonlyMap<string, readonly OperatorError[]>;
  /** By service whose source has no end and was cut, as others went on for longer: how many values it sent. */
  readonly cut: ReadonlyMap<string, number>;
}

/** Drives a whole pipeline until its sources are at their end: the known answer that the cluster must give, too. */
export async function runOffline(pipeline: Pipeline, options: DriverOptions = {}): Promise<OfflineRun> {
  const driver = await openDriver(pipeline, options);
  driver.finish();
  const streams = pipeline.topics.filter(({ role }) => role === "stream").map(({ name }) => name);
  const names = pipeline.services.map(({ name }) => name);
  const sinks = (kind: "log" | "file") =>
    pipeline.services.filter(({ output }) => output.kind === kind).map(({ name }) => name);
  const present = <T>(of: (name: string) => T | undefined) =>
    new Map(
      names.flatMap((name) => {
        const found = of(name);
        return found === undefined ? [] : [[name, found] as const];
      }),
    );
  return {
    topics: new Map(streams.map((topic) => [topic, driver.values(topic)])),
    texts: new Map(streams.map((topic) => [topic, jsonIn(driver, topic)])),
    sinks: new Map(sinks("log").map((name) => [name, driver.printed(name)])),
    printed: new Map(sinks("log").map((name) => [name, driver.printedTexts(name)])),
    files: new Map(sinks("file").map((name) => [name, driver.lines(name)])),
    deadLetters: present((name) => {
      const errors = driver.deadLetters(name);
      return errors.length === 0 ? undefined : errors;
    }),
    cut: present((name) => driver.cutAfter(name)),
  };
}

function jsonIn(driver: PipelineDriver, topic: string): string[] {
  const texts = driver.texts(topic);
  // Text is shown in quotes, so that spaces and ends of line can be seen.
  return driver
    .values(topic)
    .map((value, i) => (typeof value === "string" ? JSON.stringify(value) : inOneLine(texts[i] ?? "")));
}
