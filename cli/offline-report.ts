import type { OfflineRun } from "../declaration/offline.ts";
import { type Input, type Pipeline, type Service, topicsOf } from "../declaration/pipeline.ts";

/** What a pipeline computes, as text: its streams in the order in which they come to be, each with its values. */
export function offlineReport(pipeline: Pipeline, run: OfflineRun, most: number): string {
  const streams = pipeline.topics.filter(({ role }) => role === "stream").map(({ name }) => name);
  const writes = ({ output }: Service) => topicsOf(output).map(({ topic }) => topic);
  const writers = (topic: string) => pipeline.services.filter((service) => writes(service).includes(topic));
  const written = new Set(pipeline.services.flatMap(writes));
  const fromOutside = streams.filter((topic) => !written.has(topic));

  const endless = pipeline.services.filter(({ input }) => isEndless(input));

  return [
    ...endless.map(({ name }) => {
      const most = run.cut.get(name);
      return `${name} never stops sending: only its ${most === undefined ? "beginning is" : `first ${most} values are`} shown`;
    }),
    ...pipeline.services.flatMap(({ name, on, input }) =>
      input.kind === "follow" ? [`${name} follows ${input.path} on ${on}: no values here`] : [],
    ),
    ...fromOutside.map((topic) => `${topic}, written from outside: no values here`),
    ...[...written].map((topic) => {
      const names = writers(topic).map(({ name }) => name);
      return section(`${topic}, written by ${names.join(" and ")}`, inOneLine(run.texts.get(topic) ?? [], most));
    }),
    ...pipeline.services.filter(({ output }) => output.kind === "log").map((service) => printed(service, run, most)),
    ...pipeline.services.flatMap(({ name, output }) =>
      output.kind === "file" ? [lines(name, output.name, run, most)] : [],
    ),
    ...[...run.deadLetters].map(([service, errors]) => {
      const lines = errors.slice(0, most).map(({ message }) => message);
      return section(`${service}, dead letters`, [count(errors.length), ...lines, ...left(errors.length, most)]);
    }),
  ].join("\n");
}

function isEndless(input: Input): boolean {
  switch (input.kind) {
    case "random":
    case "sequence":
      return input.count === undefined;
    case "file":
    case "follow":
    case "topic":
    case "topics":
      return false;
    default:
      return input satisfies never;
  }
}

function printed({ name, output }: Service, run: OfflineRun, most: number): string {
  const paths = run.printed.get(name) ?? [];
  const heading = `${name}, printed`;
  if (output.kind !== "log" || !output.stages) {
    return section(
      heading,
      inOneLine(
        paths.map((path) => path.at(-1) ?? ""),
        most,
      ),
    );
  }
  const lines = paths.slice(0, most).map((path) => path.join(" -> "));
  return section(heading, [count(paths.length), ...lines, ...left(paths.length, most)]);
}

function lines(name: string, file: string, { files }: OfflineRun, most: number): string {
  const all = files.get(name) ?? [];
  return section(`${name}, lines of ${file}`, [count(all.length), ...all.slice(0, most), ...left(all.length, most)]);
}

function inOneLine(values: readonly string[], most: number): string[] {
  if (values.length === 0) return [count(0)];
  return [`${count(values.length)}: ${[...values.slice(0, most), ...left(values.length, most)].join(" ")}`];
}

function section(heading: string, lines: readonly string[]): string {
  return [heading, ...lines.map((line) => `  ${line}`)].join("\n");
}

function count(values: number): string {
  return values === 1 ? "1 value" : `${values} values`;
}

function left(all: number, most: number): string[] {
  return all > most ? [`... and ${all - most} more`] : [];
}
