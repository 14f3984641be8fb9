import type { BrokerAddress, ConfigChange, DynamicFacts, ResourceType } from "./resource-type.ts";

type Config = Readonly<Record<string, string>>;

export interface DynamicBrokerConfigArgs {
  /** Where to find each broker, by its host. */
  readonly brokers: Readonly<Record<string, BrokerAddress>>;
  /** Settings that all brokers are given while they run. */
  readonly config: Config;
  /** Settings that one broker alone was given while it runs, by its host; bramble gives none to any. */
  readonly overrides: Readonly<Record<string, Config>>;
}

/** What a move of replicas sets for its time. */
const throttles = /\.throttled\.rate$|^replica\.alter\.log\.dirs\.io\.max\.bytes\.per\.second$/;

/** The settings that brokers take up while they run, as Kafka itself keeps them: no restart is needed for any. */
export const dynamicBrokerConfig: ResourceType<DynamicBrokerConfigArgs, DynamicBrokerConfigArgs> = {
  token: "bramble:kafka:DynamicBrokerConfig",
  replaceOn: [],
  deleteBeforeReplace: false,
  local: [],
  id: () => "dynamic-broker-config",
  async observe(session, { brokers, overrides }) {
    const facts = await (await session.dynamicConfig()).describe(Object.values(brokers));
    const [any] = facts.values();
    const alone = Object.entries(brokers).map(([host, { id }]) => [host, ofOne(facts.get(id), overrides[host])]);
    return {
      brokers,
      config: any?.forAll ?? {},
      overrides: Object.fromEntries(alone),
    };
  },
  async validate(session, want, have) {
    const changes = plan(want, have);
    if (changes.length === 0) return;
    await (await session.dynamicConfig()).alter(Object.values(want.brokers), changes, { validateOnly: true });
  },
  async apply(session, want, have) {
    const changes = plan(want, have);
    await (await session.dynamicConfig()).alter(Object.values(want.brokers), changes, { validateOnly: false });
    return want;
  },
  steps: () => [],
  // It is part of the cluster's own data, and goes or stays with them.
  async remove() {},
};

/** A broker that does not answer has what it had: nobody can look. */
function ofOne(facts: DynamicFacts | undefined, recorded: Config | undefined): Config {
  if (facts === undefined) return recorded ?? {};
  return Object.fromEntries(Object.entries(facts.alone).filter(([name]) => !throttles.test(name)));
}

/** What turns `have` into `want`. Pure. */
function plan(want: DynamicBrokerConfigArgs, have: DynamicBrokerConfigArgs | undefined): ConfigChange[] {
  return [
    ...changes(want.config, have?.config ?? {}),
    ...Object.entries(have?.overrides ?? {}).flatMap(([host, overrides]) => {
      const broker = want.brokers[host]?.id;
      return broker === undefined ? [] : changes({}, overrides).map((change) => ({ broker, ...change }));
    }),
  ];
}

function changes(want: Config, have: Config): ConfigChange[] {
  const names = [...new Set([...Object.keys(want), ...Object.keys(have)])];
  return names.filter((name) => want[name] !== have[name]).map((name) => ({ name, value: want[name] }));
}
