import { connectTopics } from "../kafka/topics.ts";
import type { Session } from "../resources/resource-type.ts";
import { Connection } from "../ssh/connection.ts";
import { HostFault, type HostPlace } from "../ssh/host-fault.ts";
import { knownHostsFile, pinnedKeys, readKnownHosts } from "../ssh/known-hosts.ts";
import type { Login } from "../ssh/login.ts";

/** The provider's configuration: how to reach the hosts and the cluster. */
export interface ClusterConfig {
  readonly login: Login;
  /** `host:port` of every broker. */
  readonly bootstrapServers: readonly string[];
}

type TopicsConnection = Awaited<ReturnType<typeof connectTopics>>;

/** All connections of one run: one a host, one to Kafka, each opened when first needed. */
export class ClusterSession {
  private readonly config: ClusterConfig;
  private readonly hosts = new Map<string, Promise<Connection>>();
  private kafka: Promise<TopicsConnection> | undefined;

  constructor(config: ClusterConfig) {
    this.config = config;
  }

  /** The session as one operation sees it. */
  with(progress: (message: string) => void): Session {
    return { host: (place) => this.host(place), topics: () => this.topics(), progress };
  }

  async close(): Promise<void> {
    for (const host of this.hosts.values()) host.then((connection) => connection.close()).catch(() => {});
    await this.kafka?.then((topics) => topics.close()).catch(() => {});
  }

  /** A lost connection is opened again; a refused login is not, as sshd and fail2ban count attempts. */
  private async host(place: HostPlace): Promise<Connection> {
    const known = this.hosts.get(place.address);
    if (known !== undefined && (await known).alive) return known;
    if (this.hosts.get(place.address) === known) this.hosts.set(place.address, this.open(place));
    return this.hosts.get(place.address) as Promise<Connection>;
  }

  private open(place: HostPlace): Promise<Connection> {
    const { login } = this.config;
    const pinned = pinnedKeys(readKnownHosts(knownHostsFile()), place.address, login.port);
    if (pinned.length === 0) {
      return Promise.reject(
        new HostFault(place, {
          found: "no pinned host key",
          wanted: "one, so that nobody else can answer in its place",
          next: `Run \`npx bramble trust ${place.host}\`.`,
        }),
      );
    }
    return Connection.open(place, login, pinned);
  }

  private topics(): Promise<TopicsConnection> {
    this.kafka ??= connectTopics(this.config.bootstrapServers);
    // Asked again next time: brokers that are being started answer later.
    this.kafka.catch(() => {
      this.kafka = undefined;
    });
    return this.kafka;
  }
}
