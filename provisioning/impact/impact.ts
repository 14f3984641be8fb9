import { type Change, textOf, tokens } from "./change.ts";
import { daemonImpact, looseFiles } from "./daemon-impact.ts";
import type { DeclaredPipeline, Facts } from "./declared-pipeline.ts";
import { hostImpact, stepImpact } from "./host-impact.ts";
import { serviceImpact } from "./service-impact.ts";
import { settingImpact } from "./setting-impact.ts";
import { topicImpact } from "./topic-impact.ts";

/**
 * A plan in sentences, one for each item of the pipeline that is touched: what restarts and where, whether state is
 * kept, how long it is silent, what is lost. None when nothing changes. Pure.
 * @param changes of every resource that is not left as it is
 * @param before what the stack recorded; undefined when it has recorded none yet
 */
export function impact(
  changes: readonly Change[],
  before: DeclaredPipeline | undefined,
  after: DeclaredPipeline,
  facts: Facts,
): string[] {
  const of = (token: string) => changes.filter((change) => change.token === token);
  const [units, releases, files] = [of(tokens.unit), of(tokens.release), of(tokens.file)];
  const serviceUnits = Map.groupBy(units, serviceOf);
  const serviceReleases = Map.groupBy(releases, serviceOf);
  const daemons = units.filter((unit) => serviceOf(unit) === undefined);
  const names = new Set([
    ...Object.keys(before?.services ?? {}).filter((name) => !(name in after.services)),
    ...Object.keys(after.services),
    ...[...serviceUnits.keys(), ...serviceReleases.keys()].filter((name) => name !== undefined),
  ]);
  const gone = of(tokens.machine).filter(({ operation }) => operation === "delete");
  const sentences = [
    ...hostImpact(
      before,
      after,
      gone.map((host) => textOf(host, "host")),
      facts,
    ),
    ...daemonImpact(daemons, files, facts),
    ...of(tokens.settings).flatMap(settingImpact),
    ...topicImpact(of(tokens.topic), after, facts),
    ...[...names].flatMap((name) => {
      const its = { units: serviceUnits.get(name) ?? [], releases: serviceReleases.get(name) ?? [] };
      return serviceImpact(name, its, before, after);
    }),
    ...stepImpact([...of(tokens.archive), ...looseFiles(daemons, files)]),
  ];
  return sentences.length === 0 ? [] : [...sentences.map((words) => `${words}.`), "Nothing else is touched."];
}

/** The service that a unit or a release belongs to; undefined for a daemon's unit. */
function serviceOf(change: Change): string | undefined {
  return textOf(change, "service") || undefined;
}
