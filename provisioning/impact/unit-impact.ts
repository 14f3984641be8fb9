import { type Change, drifted, text, textOf, vanished } from "./change.ts";
import { and, differences, now, settingsOf } from "./phrases.ts";

/** Whether the change takes the unit's process down, or brings one up. */
export function starts(unit: Change): boolean {
  return unit.steps.includes(`restart ${textOf(unit, "name")}`);
}

/** Whether it runs now, so that it goes down first. */
export function runs({ have }: Change): boolean {
  return have?.active === "active";
}

/** What another hand did to a unit, each as what follows its name: "was stopped by hand". */
export function manualImpact(unit: Change): string[] {
  if (vanished(unit)) return ["was removed by hand"];
  const { have = {}, want = {} } = unit;
  const is = (key: string) => drifted(unit, key);
  return [
    ...(is("active") ? [have.active === "inactive" ? "was stopped by hand" : `is ${text(have.active)}`] : []),
    ...(is("enabled") ? [`was ${text(have.enabled).replace(/-runtime$/, "")} by hand`] : []),
    ...(is("content") ? ["has a unit file that was changed by hand"] : []),
    ...(is("dropIns") ? [`was given ${and(drops(have, want))} by hand`] : []),
    ...(is("reads") ? ["has files that were changed by hand"] : []),
    ...(is("running") ? ["runs with older files than those on the disk"] : []),
  ];
}

function drops(have: Readonly<Record<string, unknown>>, want: Readonly<Record<string, unknown>>): string[] {
  const wanted = (want.dropIns ?? []) as string[];
  return ((have.dropIns ?? []) as string[]).filter((path) => !wanted.includes(path));
}

/** How the wanted unit file differs from the one there, other than in the release that it names. */
export function unitFileImpact(unit: Change): string[] {
  const { have, want } = unit;
  if (have === undefined || want === undefined) return [];
  const settings = (content: unknown) =>
    settingsOf(
      text(content)
        .replaceAll(/(\/opt\/bramble\/releases\/[^/\s]+\/)[0-9a-f]+/g, "$1")
        .replace(daemonVersion, ""),
    );
  const version = upgrades(unit) ? [now("Kafka", versionIn(want.content), versionIn(have.content), " ")] : [];
  return [...version, ...differences(settings(want.content), settings(have.content), "=")];
}

/** Whether a daemon is to run another Kafka than it does. */
export function upgrades({ have, want }: Change): boolean {
  const [from, to] = [versionIn(have?.content), versionIn(want?.content)];
  return from !== undefined && to !== undefined && from !== to;
}

/** At the end of the description of a daemon's unit. */
const daemonVersion = / \(Kafka (\S+)\)$/m;

function versionIn(content: unknown): string | undefined {
  return daemonVersion.exec(text(content))?.[1];
}
