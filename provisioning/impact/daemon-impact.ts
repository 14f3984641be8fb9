import { type Change, drifted, text, textOf, tokens } from "./change.ts";
import type { Facts } from "./declared-pipeline.ts";
import { and, differences, settingsOf } from "./phrases.ts";
import { manualImpact, runs, starts, unitFileImpact, upgrades } from "./unit-impact.ts";

/** From the stop of a broker to its port's answer, as seen on a lab and on Pis. */
const brokerRestart = "about 10 s";

const names: Readonly<Record<string, readonly [one: string, many: string]>> = {
  "kafka.service": ["broker", "brokers"],
  "zookeeper.service": ["ZooKeeper", "ZooKeepers"],
};

/** What the daemons of the cluster are about to go through: those with one fate in one sentence. */
export function daemonImpact(units: readonly Change[], files: readonly Change[], facts: Facts): string[] {
  const fates = units.flatMap((unit) => {
    const own = files.filter((file) => isReadBy(unit, file));
    const fate = fateOf(unit, own);
    return fate === undefined ? [] : [{ unit, fate }];
  });
  const groups = Map.groupBy(fates, ({ unit, fate }) => `${textOf(unit, "name")} ${fate.does} ${fate.why}`);
  return [...groups.values()].map((group) => sentence(group, facts));
}

/** Whether a daemon reads this file when it starts. */
export function isReadBy(unit: Change, file: Change): boolean {
  const reads = ((unit.want ?? unit.have)?.reads ?? {}) as Record<string, unknown>;
  return textOf(unit, "host") === textOf(file, "host") && textOf(file, "path") in reads;
}

interface Fate {
  readonly does: "is new" | "is removed" | "restarts" | "starts" | "starts again" | "is repaired without a restart";
  readonly why: string;
}

function fateOf(unit: Change, files: readonly Change[]): Fate | undefined {
  if (unit.operation === "delete") return { does: "is removed", why: "" };
  if (unit.operation === "create" && unit.recorded === undefined) return { does: "is new", why: "" };
  const why = [...manualImpact(unit), ...files.flatMap(fileText), ...unitFileImpact(unit)].join(", ");
  if (starts(unit)) {
    const stopped = drifted(unit, "active") || unit.operation === "create";
    return { does: runs(unit) ? "restarts" : stopped ? "starts again" : "starts", why };
  }
  return unit.steps.length === 0 ? undefined : { does: "is repaired without a restart", why };
}

function fileText(file: Change): string[] {
  const { have, want } = file;
  if (want === undefined) return [];
  if (have === undefined) return file.recorded === undefined ? [] : [`${base(file)} was deleted by hand`];
  const hand = drifted(file, "content") ? ", set by hand" : "";
  const settings = [settingsOf(text(want.content)), settingsOf(text(have.content))] as const;
  const changed = differences(...settings, " ").map((words) => words.replace(/\)$/, `${hand})`));
  const other = changed.length === 0 && text(want.content) !== text(have.content);
  return other ? [`the text of ${base(file)}`] : changed;
}

function base(file: Change): string {
  return textOf(file, "path").split("/").at(-1) ?? "";
}

function sentence(group: readonly { unit: Change; fate: Fate }[], facts: Facts): string {
  const [first] = group;
  if (first === undefined) return "";
  const { does, why } = first.fate;
  const name = textOf(first.unit, "name");
  const [one, many] = names[name] ?? [name, name];
  const hosts = group.map(({ unit }) => textOf(unit, "host")).sort();
  const several = group.length > 1;
  const because = why === "" ? "" : ` (${why})`;
  const verb = several ? plural[does] : does;
  const what = `${several ? many : one} on ${and(hosts)} ${verb}${because}`;
  return does === "restarts"
    ? `${what}, ${meanwhile(
        group.map(({ unit }) => unit),
        facts,
      )}`
    : what;
}

const plural: Readonly<Record<Fate["does"], string>> = {
  "is new": "are new",
  "is removed": "are removed",
  restarts: "restart",
  starts: "start",
  "starts again": "start again",
  "is repaired without a restart": "are repaired without a restart",
};

/** What others see of a roll. */
function meanwhile(units: readonly Change[], { alone }: Facts): string {
  const turns = units.length > 1 ? "one at a time" : "once the others can spare it";
  const order = units.some(upgrades) ? `${turns}, once every host has the new Kafka` : turns;
  if (!units.some((unit) => textOf(unit, "name") === "kafka.service")) return `${order}; Kafka keeps running`;
  if (alone === undefined)
    return `${order}; Kafka does not answer now, so it is not known which topics will be unavailable`;
  const silent = [...new Set(units.flatMap((unit) => servesAlone(unit, alone)))].sort();
  if (silent.length === 0) return `${order}; every topic stays available, as other brokers have every partition too`;
  const [are, have] = silent.length === 1 ? ["is", "it has"] : ["are", "they have"];
  return `${order}; ${and(silent)} ${are} unavailable for ${brokerRestart}, as ${have} no other replica`;
}

/** A broker whose address changes is known by the one before until it restarts. */
function servesAlone({ want, have }: Change, alone: NonNullable<Facts["alone"]>): readonly string[] {
  return [want, have].flatMap((face) => alone.get(text(face?.address)) ?? []);
}

/** Files that no daemon reads, or that change nothing in one. */
export function looseFiles(units: readonly Change[], files: readonly Change[]): Change[] {
  return files.filter((file) => file.token === tokens.file && !units.some((unit) => isReadBy(unit, file)));
}
