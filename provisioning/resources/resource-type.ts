import type { Argv, Command, Result } from "../ssh/command.ts";
import type { HostAddress } from "../ssh/host-error.ts";

/**
 * A resource as Pulumi's engine knows it: its inputs (`Args`), and its state, which holds the observed value of every
 * input and so can be compared with what is wanted, field by field.
 */
export interface ResourceType<Args extends object, State extends Args> {
  /** Pulumi type token, `pkg:module:Type`. */
  readonly token: string;
  /** Inputs whose change makes it another resource. */
  readonly replaceOn: readonly (keyof Args & string)[];
  /** Whether the old one must be gone before its replacement comes: two must never run at once. */
  readonly deleteBeforeReplace: boolean;
  /** Inputs that say how to make it, not what it is: paths on this machine. A change of these alone changes nothing. */
  readonly local: readonly (keyof Args & string)[];
  /** The provider-assigned id, from what tells it apart on its host or cluster. */
  id(args: Args): string;
  /** What is there now; undefined only on proof of absence. Throws when it cannot tell. */
  observe(session: Session, args: Args | State): Promise<State | undefined>;
  /**
   * Makes it so, doing only the difference. `owned` is false when what is there was not made by this stack; `recorded`
   * is the stack's state of it, if it has one.
   */
  apply(session: Session, want: Args, have: State | undefined, owned: boolean, recorded?: State): Promise<State>;
  /** What {@link apply} would do on a host, command by command, in words. Pure. */
  steps(want: Args, have: State | undefined): string[];
  /** Throws what {@link apply} would refuse, without changing anything: called in preview. */
  validate(session: Session, want: Args, have: State | undefined, owned: boolean, recorded?: State): Promise<void>;
  remove(session: Session, state: State): Promise<void>;
  /** The commands that {@link remove} would run, of what lives on a host. */
  planDelete?(state: State): readonly Command[];
}

/** What a resource can reach, and one line to say what takes long. */
export interface Session {
  host(target: HostAddress): Promise<Host>;
  topics(): Promise<Topics>;
  dynamicConfig(): Promise<DynamicConfig>;
  /**
   * Takes a member of a group down and up again: one at a time, the leader last, each only when the rest can bear it.
   * The first that does not come back stops all that wait.
   */
  turn(group: "kafka" | "zookeeper", target: HostAddress, work: () => Promise<void>): Promise<void>;
  /** Shown while the operation runs. */
  progress(message: string): void;
}

export interface Host {
  readonly target: HostAddress;
  observe(commands: readonly Argv[]): Promise<Result[]>;
  run(command: Command): Promise<Result>;
}

/** Topics of the cluster, over the Kafka admin API. */
export interface Topics {
  describe(name: string): Promise<TopicFacts | undefined>;
  create(name: string, topic: TopicFacts): Promise<void>;
  addPartitions(name: string, count: number): Promise<void>;
  /** Moves replicas until every partition has so many in sync; says now and then how far it is. */
  setReplicationFactor(name: string, factor: number, progress: (message: string) => void): Promise<void>;
  /** Moves every replica that the broker at this address has to the others. Gives its id; undefined when there is none. */
  moveAway(address: string, progress: (message: string) => void): Promise<number | undefined>;
  /** Takes a broker that was stopped for good out of a cluster with KRaft. */
  unregister(id: number): Promise<void>;
  /** Replaces the whole set of a topic's own settings. */
  setConfig(name: string, config: Readonly<Record<string, string>>): Promise<void>;
  delete(name: string): Promise<void>;
  /** What it holds; nothing for a topic that is not there. */
  records(name: string): Promise<RecordCount>;
  /** Topics with a partition that no other broker has in sync, by the address of the one that has. */
  alone(): Promise<ReadonlyMap<string, readonly string[]>>;
  /** Topics with a replica on the broker at this address. */
  heldBy(address: string): Promise<readonly string[]>;
}

/** How many records there are. */
export interface RecordCount {
  readonly records: number;
  /** False where they are too many to be counted: then there are no more than these. */
  readonly isExact: boolean;
}

export interface TopicFacts {
  readonly partitions: number;
  readonly replicationFactor: number;
  /** Settings of the topic itself, without the brokers' defaults. */
  readonly config: Readonly<Record<string, string>>;
}

/** Settings that brokers take up while they run. */
export interface DynamicConfig {
  /** What each broker says that answers, by its id. Throws when none does. */
  describe(brokers: readonly BrokerAddress[]): Promise<ReadonlyMap<number, DynamicFacts>>;
  /** Changes settings, and waits until the brokers have taken them up. Throws what Kafka refuses, with its reason. */
  alter(
    brokers: readonly BrokerAddress[],
    changes: readonly ConfigChange[],
    options: { readonly validateOnly: boolean },
  ): Promise<void>;
}

export interface BrokerAddress {
  /** Broker id. */
  readonly id: number;
  /** `host:port`. */
  readonly server: string;
}

export interface ConfigChange {
  /** Id of the broker that it is for; undefined for all. */
  readonly broker?: number | undefined;
  readonly name: string;
  /** Undefined takes the setting away. */
  readonly value: string | undefined;
}

/** What one broker says of its settings. */
export interface DynamicFacts {
  /** Set on all brokers while they ran. */
  readonly forAll: Readonly<Record<string, string>>;
  /** Set on this broker while it ran. */
  readonly alone: Readonly<Record<string, string>>;
  /** What it was started with, or Kafka's default: in force where nothing else was set. */
  readonly fixed: Readonly<Record<string, string>>;
}
