import { type Change, text, textOf } from "./change.ts";
import type { DeclaredPipeline, DeclaredService } from "./declared-pipeline.ts";
import { and, differences, now, plain } from "./phrases.ts";
import { stateImpact } from "./state-impact.ts";
import { manualImpact, runs, starts, unitFileImpact } from "./unit-impact.ts";

/** From the last record before to the first one after: 1 to 2 s in the lab; a Pi starts Node more slowly. */
const pause = "after a pause of a few seconds";

interface ServiceChanges {
  /** Those of its replicas. */
  readonly units: readonly Change[];
  /** One on each host. */
  readonly releases: readonly Change[];
}

/** What one service is about to go through; nothing when nothing comes near it. */
export function serviceImpact(
  name: string,
  { units, releases }: ServiceChanges,
  before: DeclaredPipeline | undefined,
  after: DeclaredPipeline,
): string[] {
  const service = after.services[name];
  const old = before?.services[name];
  if (service === undefined) {
    const state = old?.changelog === undefined ? "" : ` with its changelog ${old.changelog}`;
    const left = old === undefined ? [] : [...new Set(all(old.on))].flatMap((host) => fileStays(name, old, host));
    const removed = `${name}${old === undefined ? "" : ` on ${where(old)}`} is stopped before anything else changes, then removed${state}`;
    return [[removed, ...left].join("; ")];
  }
  const isNew = (unit: Change) => unit.operation === "create" && unit.recorded === undefined;
  if (units.length > 0 && units.length === all(service.on).length && units.every(isNew)) {
    return [newText(name, service)];
  }
  const stay = units.filter((unit) => !isNew(unit) && unit.operation !== "delete");
  const sentences = stay.flatMap((unit) => {
    const release = releases.find((each) => textOf(each, "host") === textOf(unit, "host"));
    return unitText(unit, release, { service, old, before, after }) ?? [];
  });
  // What all replicas go through alike is told of the service, once.
  const [first] = sentences;
  const isAlike =
    sentences.length === all(service.on).length && new Set(sentences.map(({ of }) => of("", ""))).size === 1;
  const told =
    first !== undefined && isAlike
      ? [first.of(name, where(service))]
      : sentences.map(({ unit, of }) => of(replicaName(name, unit, service), textOf(unit, "host")));
  const putRight = releases.filter(
    (release) =>
      release.operation !== "delete" &&
      release.steps.length > 0 &&
      !units.some((unit) => textOf(unit, "host") === textOf(release, "host")),
  );
  return [
    ...told,
    ...putRight.map((release) => `the release of ${name} on ${textOf(release, "host")} is repaired; nothing restarts`),
    ...replicasText(name, units.filter(isNew), "gets"),
    ...replicasText(
      name,
      units.filter(({ operation }) => operation === "delete"),
      "loses",
    ),
  ];
}

interface UnitSentence {
  readonly unit: Change;
  /** The sentence, of whoever it is told, and where that is. */
  of(who: string, host: string): string;
}

/** What the unit of a service that stays is about to go through. */
function unitText(
  unit: Change,
  release: Change | undefined,
  {
    service,
    old,
    before,
    after,
  }: {
    service: DeclaredService;
    old: DeclaredService | undefined;
    before: DeclaredPipeline | undefined;
    after: DeclaredPipeline;
  },
): UnitSentence | undefined {
  const hand = manualImpact(unit);
  const moved = unit.operation === "replace" && text(unit.have?.host) !== text(unit.want?.host);
  const edits = [
    ...(old === undefined ? [] : editText(old, service, release)),
    ...brokersText(before, after),
    ...(hand.length > 0 || moved ? [] : unitFileImpact(unit)),
  ];
  const otherCode = edits.length === 0 && hand.length === 0 && !moved && release !== undefined;
  const reasons = otherCode ? ["changed code or settings"] : edits;
  const because = reasons.length === 0 ? "" : ` with ${and(reasons)}`;
  const kept = old === undefined ? [] : keptText(old, service, release);
  const follows = [kept.join("; "), pause].filter((part) => part !== "").join(", ");

  if (moved) {
    const from = text(unit.have?.host);
    const left = old === undefined ? [] : fileStays(nameOf(unit), old, from);
    const begins = left.length > 0 && service.file !== undefined ? [...left, "it starts a new file"] : left;
    const order = (host: string) => `it stops on ${from} before it starts on ${host}`;
    return {
      unit,
      of: (who, host) =>
        [`${who} moves from ${from} to ${host}${because}: ${order(host)}`, follows, ...begins].join("; "),
    };
  }
  if (hand.length > 0) {
    const rest = !starts(unit)
      ? "it is repaired without a restart"
      : runs(unit)
        ? `it restarts${because}; ${follows}`
        : `it starts again${because}`;
    return { unit, of: (who, host) => `the unit of ${who} on ${host} ${and(hand)}: ${rest}` };
  }
  if (starts(unit)) {
    const rest = `${runs(unit) ? "restarts" : "starts"}${because}: ${follows}`;
    return { unit, of: (who, host) => `${who} on ${host} ${rest}` };
  }
  return unit.steps.length === 0 ? undefined : { unit, of: (who, host) => `the unit of ${who} on ${host} is repaired` };
}

/** "con1 gets a second replica on rpi2 and a third one on rpi3": Kafka's group assigns the partitions again. */
function replicasText(name: string, units: readonly Change[], does: "gets" | "loses"): string[] {
  if (units.length === 0) return [];
  const which = units
    .toSorted((a, b) => replicaOf(a) - replicaOf(b))
    .map((unit, i) => {
      const nth = ordinal(replicaOf(unit));
      const replica = `${does === "gets" ? "a" : "its"} ${nth} ${i === 0 ? "replica" : "one"}`;
      return `${replica} on ${textOf(unit, "host")}`;
    });
  const order = does === "gets" ? "" : ", stopped before anything else changes";
  const share = "partitions are reassigned, each with its state and position";
  return [`${name} ${does} ${and(which)}${order}: ${share}, ${pause}`];
}

function replicaOf(unit: Change): number {
  return Number(textOf(unit, "replica"));
}

function replicaName(name: string, unit: Change, service: DeclaredService): string {
  const isAlone = replicaOf(unit) === 1 && all(service.on).length === 1;
  return isAlone ? name : `the ${ordinal(replicaOf(unit))} replica of ${name}`;
}

function ordinal(n: number): string {
  return ["first", "second", "third", "fourth", "fifth", "sixth"][n - 1] ?? `${n}th`;
}

/** "rpi1", "rpi1 and rpi2": each host once. */
function where({ on }: DeclaredService): string {
  return and([...new Set(all(on))]);
}

function newText(name: string, service: DeclaredService): string {
  const { on, from, source, to, apply, file } = service;
  const replicas = all(on).length === 1 ? "" : ` with ${all(on).length} replicas`;
  const first = source === undefined ? "it reads its file from the first value" : firstText(source);
  const input = from === undefined ? first : `it reads ${and(all(from))} from the first unread record`;
  const state = apply.some(({ stateful }) => stateful) ? ", without state" : "";
  const written = file === undefined ? all(to) : [pathOf(name, file)];
  const output = written.length === 0 ? "" : `, and writes ${and(written)}`;
  return `${name} is new on ${where(service)}${replicas}: ${input}${state}${output}`;
}

/** What is written is nobody's to take away: "its file /var/lib/bramble-out/means.txt stays on rpi2". */
function fileStays(name: string, { file }: DeclaredService, host: string): string[] {
  return file === undefined ? [] : [`its file ${pathOf(name, file)} stays on ${host}`];
}

/** That of the first partition. `name` is of the service, or of its replica as in out@2. */
function pathOf(name: string, file: string): string {
  return `/var/lib/bramble-${name}/${file}`;
}

/** Of a replica, as its unit has it: out, or out@2. */
function nameOf(unit: Change): string {
  const service = textOf(unit, "service");
  return replicaOf(unit) === 1 ? service : `${service}@${replicaOf(unit)}`;
}

/** What the pipeline file says otherwise than before. */
function editText(old: DeclaredService, service: DeclaredService, release: Change | undefined): string[] {
  return [
    ...chainText(old, service),
    ...differences({ from: service.from, to: service.to }, { from: old.from, to: old.to }),
    ...differences(service.source ?? {}, old.source ?? {}),
    ...differences(service.filters ?? {}, old.filters ?? {}),
    ...differences(paceOf(service), paceOf(old)),
    ...(old.stages === service.stages ? [] : [now("stages", service.stages, old.stages)]),
    ...differences({ file: service.file, format: service.format }, { file: old.file, format: old.format }),
    ...differences(maxAheadOf(service), maxAheadOf(old)),
    ...differences(guaranteeOf(service), guaranteeOf(old)),
    ...(fileChanges(release) ? ["another source file"] : []),
  ];
}

function paceOf({ everyMs }: DeclaredService) {
  return { every: everyMs === undefined ? undefined : duration(everyMs) };
}

/** The default is that of a pipeline file. */
function maxAheadOf({ maxAheadMs = 1_800_000 }: DeclaredService) {
  return { maxAhead: duration(maxAheadMs) };
}

function guaranteeOf({ processingGuarantee = "exactly_once" }: DeclaredService) {
  return { processingGuarantee };
}

function chainText(old: DeclaredService, service: DeclaredService): string[] {
  const names = ({ apply }: DeclaredService) => apply.map(({ operator }) => operator);
  if (plain(names(old)) !== plain(names(service))) {
    return [now("apply", `[${names(service).join(", ")}]`, `[${names(old).join(", ")}]`)];
  }
  return service.apply.flatMap(({ params, field }, i) => [
    ...differences(params, old.apply[i]?.params ?? {}),
    ...differences({ field }, { field: old.apply[i]?.field }),
  ]);
}

function brokersText(before: DeclaredPipeline | undefined, after: DeclaredPipeline): string[] {
  const same = before === undefined || plain(before.firstServers) === plain(after.firstServers);
  return same ? [] : ["the new list of brokers"];
}

/** Where it continues reading, and with which state. */
function keptText(old: DeclaredService, service: DeclaredService, release: Change | undefined): string[] {
  const state = stateImpact(old, service);
  if (service.source !== undefined) {
    const { count: _, ...values } = service.source;
    const { count: __, ...before } = old.source ?? {};
    return [...state, plain(values) === plain(before) ? "it continues where it stopped" : firstText(values)];
  }
  if (service.from === undefined) {
    return [
      ...state,
      fileChanges(release) ? "it starts with the first value of the file" : "it continues in its file where it stopped",
    ];
  }
  const before = all(old.from);
  const fresh = all(service.from).filter((topic) => !before.includes(topic));
  const kept = all(service.from).filter((topic) => before.includes(topic));
  if (fresh.length === 0) return [...state, "it continues where it stopped"];
  const further = kept.length === 0 ? [] : [`it continues reading ${and(kept)} where it stopped`];
  return [...state, `it reads ${and(fresh)} from the first unread record`, ...further];
}

function firstText({ file }: Readonly<Record<string, unknown>>): string {
  return file === undefined ? "it starts with its first value" : `it reads ${file} from the beginning`;
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

/** As a pipeline file has it, in the largest unit that needs no fraction. */
function duration(ms: number): string {
  const units = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1000 };
  const [unit, size] = Object.entries(units).find(([, each]) => ms !== 0 && ms % each === 0) ?? ["ms", 1];
  return `${ms / size}${unit}`;
}
