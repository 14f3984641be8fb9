import { type Change, text } from "./change.ts";
import type { Declared, DeclaredService } from "./declared.ts";
import { stateWords } from "./state-words.ts";
import { handWords, runs, starts, unitFileWords } from "./unit-words.ts";
import { and, differences, now, plain } from "./words.ts";

/** From the last record before to the first one after: 1 to 2 s in the lab; a Pi starts Node more slowly. */
const silence = "a few seconds of silence";

/** What one service is about to go through; undefined when nothing comes near it. */
export function serviceWords(
  name: string,
  changes: { readonly unit: Change | undefined; readonly release: Change | undefined },
  before: Declared | undefined,
  after: Declared,
): string | undefined {
  const { unit, release } = changes;
  const service = after.services[name];
  const old = before?.services[name];
  if (service === undefined) {
    const state = old?.changelog === undefined ? "" : `, and what it keeps in ${old.changelog} with it`;
    return `${name}${old === undefined ? "" : ` on ${old.on}`} is stopped first of all, and removed${state}`;
  }
  if (unit === undefined) {
    if (release === undefined || release.steps.length === 0) return undefined;
    return `the release of ${name} on ${service.on} is put right; nothing restarts`;
  }
  if (unit.operation === "create" && unit.recorded === undefined) return newWords(name, service);

  const hand = handWords(unit);
  const moved = unit.operation === "replace" && text(unit.have?.host) !== service.on;
  const edits = [
    ...(old === undefined ? [] : editWords(old, service, release)),
    ...brokersWords(before, after),
    ...(hand.length > 0 || moved ? [] : unitFileWords(unit)),
  ];
  const otherCode = edits.length === 0 && hand.length === 0 && !moved && release !== undefined;
  const reasons = otherCode ? ["other code or settings"] : edits;
  const because = reasons.length === 0 ? "" : ` with ${and(reasons)}`;
  const follows = [...(old === undefined ? [] : keptWords(old, service, release)), silence].join(", ");

  if (moved) {
    const from = text(unit.have?.host);
    return `${name} moves from ${from} to ${service.on}${because}: it is stopped there before it starts here, ${follows}`;
  }
  if (hand.length > 0) {
    const what = `the unit of ${name} on ${service.on} ${and(hand)}`;
    if (!starts(unit)) return `${what}: it is put right without a restart`;
    return runs(unit) ? `${what}: it restarts${because}, ${follows}` : `${what}: it starts again${because}`;
  }
  if (!starts(unit)) return unit.steps.length === 0 ? undefined : `the unit of ${name} on ${service.on} is put right`;
  return `${name} on ${service.on} ${runs(unit) ? "restarts" : "starts"}${because}: ${follows}`;
}

function newWords(name: string, { on, from, source, to, apply }: DeclaredService): string {
  const first = source === undefined ? "reads its file from the first value" : "begins with its first value";
  const input = from === undefined ? first : `reads ${and(all(from))} from its first unread record`;
  const state = apply.some(({ stateful }) => stateful) ? ", with no state" : "";
  return `${name} is new on ${on}: ${input}${state}${to === undefined ? "" : `, and writes ${and(all(to))}`}`;
}

/** What the pipeline file says otherwise than before. */
function editWords(old: DeclaredService, service: DeclaredService, release: Change | undefined): string[] {
  return [
    ...chainWords(old, service),
    ...differences({ from: service.from, to: service.to }, { from: old.from, to: old.to }),
    ...differences(service.source ?? {}, old.source ?? {}),
    ...differences(service.filters ?? {}, old.filters ?? {}),
    ...(old.everyMs === service.everyMs
      ? []
      : [now("every", milliseconds(service.everyMs), milliseconds(old.everyMs))]),
    ...(old.stages === service.stages ? [] : [now("stages", service.stages, old.stages)]),
    ...(fileChanges(release) ? ["another source file"] : []),
  ];
}

function chainWords(old: DeclaredService, service: DeclaredService): string[] {
  const names = ({ apply }: DeclaredService) => apply.map(({ operator }) => operator);
  if (plain(names(old)) !== plain(names(service))) {
    return [now("apply", `[${names(service).join(", ")}]`, `[${names(old).join(", ")}]`)];
  }
  return service.apply.flatMap(({ params }, i) => differences(params, old.apply[i]?.params ?? {}));
}

function brokersWords(before: Declared | undefined, after: Declared): string[] {
  const same = before === undefined || plain(before.bootstrapServers) === plain(after.bootstrapServers);
  return same ? [] : ["the new list of brokers"];
}

/** Where it goes on reading, and with which state. */
function keptWords(old: DeclaredService, service: DeclaredService, release: Change | undefined): string[] {
  const state = stateWords(old, service);
  if (service.source !== undefined) {
    const { count: _, ...values } = service.source;
    const { count: __, ...before } = old.source ?? {};
    return [...state, plain(values) === plain(before) ? "goes on where it was" : "begins with its first value"];
  }
  if (service.from === undefined) {
    return [
      ...state,
      fileChanges(release) ? "begins with the first value of the file" : "goes on in its file where it was",
    ];
  }
  const before = all(old.from);
  const fresh = all(service.from).filter((topic) => !before.includes(topic));
  const kept = all(service.from).filter((topic) => before.includes(topic));
  if (fresh.length === 0) return [...state, "goes on reading where it was"];
  const further = kept.length === 0 ? [] : [`goes on reading ${and(kept)} where it was`];
  return [...state, `reads ${and(fresh)} from its first unread record`, ...further];
}

function all(topics: string | readonly string[] | undefined): string[] {
  return [topics ?? []].flat();
}

function fileChanges(release: Change | undefined): boolean {
  const data = (files: unknown) =>
    Object.entries((files ?? {}) as Record<string, string>)
      .filter(([file]) => file !== "service.mjs")
      .map(([, sum]) => sum);
  return release?.have !== undefined && plain(data(release.have.files)) !== plain(data(release.want?.files));
}

function milliseconds(every: number | undefined): string | undefined {
  return every === undefined ? undefined : every % 1000 === 0 ? `${every / 1000}s` : `${every}ms`;
}
