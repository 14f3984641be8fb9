/** What a pipeline file declares, as far as a change of it can be told in words; plain data that the stack records. */
export interface DeclaredPipeline {
  /** Addresses by host. */
  readonly hosts: Readonly<Record<string, string>>;
  /** `host:port` of every broker. */
  readonly bootstrapServers: readonly string[];
  /** Those of them that services are told. */
  readonly firstServers: readonly string[];
  readonly keepData: boolean;
  readonly services: Readonly<Record<string, DeclaredService>>;
  readonly topics: Readonly<Record<string, { readonly role: string }>>;
}

export interface DeclaredService {
  /** Host that it runs on, or that of each of its replicas. */
  readonly on: string | readonly string[];
  /** Topic that it reads, or those that it merges; absent for a source. */
  readonly from?: string | readonly string[] | undefined;
  readonly everyMs?: number | undefined;
  /** What a source makes its values from that brings no file, by name; `file` is one on the host. */
  readonly source?: Readonly<Record<string, unknown>> | undefined;
  readonly apply: readonly DeclaredStep[];
  /** Topic that it writes, or those that it branches to; absent for a sink. */
  readonly to?: string | readonly string[] | undefined;
  /** The filters of its branches by topic, as `{ threshold: { above: 75 } }`. */
  readonly filters?: Readonly<Record<string, unknown>> | undefined;
  readonly stages?: boolean | undefined;
  /** The name of the file that is its sink, and how values stand there. */
  readonly file?: string | undefined;
  readonly format?: string | undefined;
  /** 30 minutes when it is absent. */
  readonly maxAheadMs?: number | undefined;
  /** exactly_once when it is absent. */
  readonly processingGuarantee?: string | undefined;
  readonly changelog?: string | undefined;
}

export interface DeclaredStep {
  readonly operator: string;
  /** As the file has them, with those by default. */
  readonly params: Readonly<Record<string, unknown>>;
  /** Path of the field that it works on; the whole value when it is absent. One of its parameters may be named field too. */
  readonly field?: string | undefined;
  readonly stateful: boolean;
  /** What the meaning of its state depends on, by name; absent when nothing does. */
  readonly stateBasis?: Readonly<Record<string, unknown>> | undefined;
}

/** What a topic holds. */
export interface TopicContent {
  readonly records: number;
  /** False where there are no more records than these, and perhaps fewer. */
  readonly isExact: boolean;
  readonly bytes?: number | undefined;
}

/** What must be asked before the words can be found. */
export interface Facts {
  /** Records and, where a broker could be asked, bytes of each topic that would go. */
  readonly contents: ReadonlyMap<string, TopicContent>;
  /** Topics with a partition that no other broker has, by the address of the broker; undefined when Kafka does not tell. */
  readonly alone: ReadonlyMap<string, readonly string[]> | undefined;
  /** Topics with a replica on each broker that leaves, by its host. */
  readonly held: ReadonlyMap<string, readonly string[]>;
}

/** Host and address of every broker that is not to be one any more. One that is only reached elsewhere stays. */
export function leavingBrokers(
  before: DeclaredPipeline | undefined,
  after: DeclaredPipeline,
): [host: string, address: string][] {
  return Object.entries(before?.hosts ?? {}).filter(
    ([host]) => before !== undefined && hasBroker(before, host) && !hasBroker(after, host),
  );
}

export function hasBroker({ hosts, bootstrapServers }: DeclaredPipeline, host: string): boolean {
  return bootstrapServers.some((server) => server.replace(/:\d+$/, "") === hosts[host]);
}
