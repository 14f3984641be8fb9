import { readdir, readFile } from "node:fs/promises";
import { basename, dirname, resolve } from "node:path";
import { DURATION, toMilliseconds } from "../../operators/duration.ts";
import type { Format } from "../../operators/format.ts";
import { describeForeign, foreignByte, sourceValues } from "../../operators/source-values.ts";
import { type Finding, type Path, shown, wrongKey, wrongValue } from "../diagnostic.ts";
import type { Draft } from "../draft.ts";
import { didYouMean } from "../suggest.ts";

const KINDS = ["file", "random", "sequence"];

const EXPECTED: Readonly<Record<Format, string>> = {
  number: "numbers such as 20.5 with white space between them",
  json: 'a JSON value such as { "celsius": 20.5 } on each line',
  text: "text",
};

/** What is wrong with the files that services read. `folder` is that of the pipeline file. */
export async function sourceFindings(draft: Draft, folder: string): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const [service, { source, sourceFile, sourceFormat = "number" }] of draft.services) {
    if (source !== undefined) findings.push(...kindFindings(["services", service, "source"], source));
    const problem =
      sourceFile === undefined || source?.get("follow") === true
        ? undefined
        : await problemOf(resolve(folder, sourceFile), sourceFile, sourceFormat);
    if (problem !== undefined) findings.push(wrongValue(["services", service, "source", "file"], problem));
  }
  return findings;
}

/** Where the values come from is one of three, and not every key goes with each. */
function kindFindings(path: Path, source: ReadonlyMap<string, unknown>): Finding[] {
  const [kind, ...others] = KINDS.filter((each) => source.has(each));
  if (kind === undefined) return [wrongValue(path, "expected one of file, random and sequence, found none")];
  if (others.length > 0) {
    return others.map((other) => wrongKey([...path, other], `${other} stands beside ${kind}; keep one of them`));
  }
  const misplaced = (key: string, why: string) =>
    source.has(key) ? [wrongKey([...path, key], `${key} does not go with ${kind}, as ${why}; remove it`)] : [];
  if (kind === "file") {
    const isFollowed = source.get("follow") === true;
    return [
      ...misplaced("count", "all values of the file are read"),
      ...(isFollowed
        ? [...misplaced("every", "a followed file sets the pace"), ...hostFile(path, source.get("file"))]
        : []),
    ];
  }
  const every = source.get("every");
  const isEndless =
    typeof every === "string" && DURATION.test(every) && toMilliseconds(every) === 0 && !source.has("count");
  return [
    ...misplaced("format", "its values are numbers"),
    ...misplaced("follow", "only a file can be followed"),
    ...(isEndless
      ? [
          wrongValue(
            [...path, "every"],
            `${shown(every)} without a count would fill every disk; add a count, or a pause`,
          ),
        ]
      : []),
  ];
}

/**
 * Where on a host there is no file for a service to follow, and why: its unit has its own /tmp and /dev (PrivateTmp=, PrivateDevices=),
 * and systemd keeps other services' folders (DynamicUser=) and users' run-time folders (ProtectHome=) to their owners.
 */
const OUT_OF_REACH: readonly { readonly place: RegExp; readonly why: (place: string, file: string) => string }[] = [
  {
    place: /^(\/(?:var\/)?tmp|\/dev|\/proc|\/run\/user)\//,
    why: (place, file) =>
      `a service has a ${place} of its own and cannot see ${file}; use a file elsewhere, such as in /var/log`,
  },
  {
    place: /^(\/sys)\//,
    why: (place, file) =>
      `${file} does not grow, as what is in ${place} has one value at a time; let a program write its values to a file, such as in /var/log, and follow that`,
  },
  {
    place: /^(\/var\/(?:lib|cache|log)\/(?:private|bramble-[^/]+))\//,
    why: (place, file) =>
      `${place} belongs to another service, and only that can read ${file}; let it write to a topic, and read that`,
  },
];

/** In a path that is meant to be replaced by something: by a shell, by systemd or with a date. */
const PLACEHOLDER = /[*?]|\[[^\]/]+\]|\$\{?\w|%[A-Za-z](?![0-9A-Fa-f])/;

/** A file that grows is one on the host. */
function hostFile(path: Path, file: unknown): Finding[] {
  if (typeof file !== "string") return [];
  const wrong = (message: string) => [wrongValue([...path, "file"], message)];
  const expected = "expected the absolute path of a file on the host, such as /var/log/sensor.txt";
  if (!/^(\/[^/\s][^/\n]*)+$/.test(file) || /\/\.\.?(\/|$)/.test(file))
    return wrong(`${expected}, found ${shown(file)}`);
  const [placeholder] = PLACEHOLDER.exec(file) ?? [];
  if (placeholder !== undefined) {
    const next = "a path is taken as it is written; give each file a service of its own";
    return wrong(`expected the path of one file, found ${shown(placeholder)} in ${shown(file)}; ${next}`);
  }
  for (const { place, why } of OUT_OF_REACH) {
    const [, found] = place.exec(file) ?? [];
    if (found !== undefined) return wrong(why(found, shown(file)));
  }
  return [];
}

async function problemOf(path: string, written: string, format: Format): Promise<string | undefined> {
  let content: Buffer;
  try {
    content = await readFile(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "ENOENT") return `${shown(written)} cannot be read (${code}); expected a readable file`;
    const near = didYouMean(basename(path), await readdir(dirname(path)).catch(() => []));
    return `there is no file ${shown(written)}; the path is relative to the folder of the pipeline file${near}`;
  }
  const foreign = foreignByte(content);
  if (foreign !== undefined) {
    const { encoding, likely } = foreign;
    const command = `iconv -f ${likely} -t utf-8 ${basename(written)} > converted.txt`;
    const next = `convert it${encoding === undefined ? `, if it is ${likely}` : ""}: ${command}`;
    return `expected text in UTF-8, found ${describeForeign(foreign)}, in ${shown(written)}; ${next}`;
  }
  const { values, malformed } = sourceValues(content, format);
  const [first] = malformed;
  if (first !== undefined) {
    const more = malformed.length > 1 ? ` and ${malformed.length - 1} more` : "";
    const place = `${written}:${first.line}:${first.col}`;
    return `${first.limit ?? `expected ${EXPECTED[format]}`}, found ${shown(first.text)} at ${place}${more}`;
  }
  return values.length === 0 ? `${shown(written)} has no values; expected at least one` : undefined;
}
