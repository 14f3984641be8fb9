import type { ConfigChange, DynamicConfig, DynamicFacts, Session } from "../../provisioning/resources/resource-type.ts";

/** Brokers in memory, by id, that were told these settings while they run; every change is told. Others do not answer. */
export function strictSettings(brokers: Record<number, Pick<DynamicFacts, "forAll" | "alone">>, refused?: string) {
  const changes: ConfigChange[] = [];
  const dynamicConfig: DynamicConfig = {
    async describe(asked) {
      const answers = asked.flatMap(({ id }) => (brokers[id] ? [[id, { fixed: {}, ...brokers[id] }] as const] : []));
      if (answers.length === 0) throw new Error("no broker answers");
      return new Map(answers);
    },
    async alter(asked, wanted, { validateOnly }) {
      if (asked.length === 0 || wanted.length === 0) throw new Error("there is nothing to change");
      if (refused !== undefined) throw new Error(refused);
      if (!validateOnly) changes.push(...wanted);
    },
  };
  const nothingOf = (what: string) => () => Promise.reject(new Error(`nothing here should ask for ${what}`));
  const session: Session = {
    dynamicConfig: async () => dynamicConfig,
    topics: nothingOf("topics"),
    host: nothingOf("a host"),
    turn: nothingOf("a turn"),
    progress: () => {},
  };
  return { session, changes };
}
