import { type Change, drifted } from "./change.ts";
import { and, differences } from "./phrases.ts";

type Config = Readonly<Record<string, string>>;

/** What the brokers are about to be told while they run. */
export function settingImpact(settings: Change): string[] {
  const { operation, have, want } = settings;
  if (have === undefined || want === undefined || operation === "delete") return [];
  const changed = differences(want.config as Config, have.config as Config, " ");
  const hand = drifted(settings, "config") ? "; they were changed by hand" : "";
  const overrides = Object.entries(have.overrides as Readonly<Record<string, Config>>);
  return [
    ...(changed.length > 0 ? [`brokers change to ${and(changed)} at once, without a restart${hand}`] : []),
    ...overrides.flatMap(([host, config]) => {
      const own = Object.entries(config).map(([name, value]) => `${name} ${value}`);
      return own.length === 0
        ? []
        : [`the broker on ${host} drops ${and(own)}, which was set by hand, at once, without a restart`];
    }),
  ];
}
