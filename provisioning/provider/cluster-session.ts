import { connectAdmin, type KafkaAdmin } from "../kafka/admin.ts";
import { brokerGate } from "../kafka/broker-gate.ts";
import { dynamicConfig } from "../kafka/dynamic-config.ts";
import { quorumGate } from "../kafka/quorum-gate.ts";
import { zookeeperGate } from "../kafka/zookeeper-gate.ts";
import type { Session } from "../resources/resource-type.ts";
import type { Connection } from "../ssh/connection.ts";
import type { HostAddress } from "../ssh/host-error.ts";
import type { Login } from "../ssh/login.ts";
import { openPinned } from "../ssh/open-pinned.ts";
import { Roll } from "./roll.ts";

/** The provider's configuration: how to reach the hosts and the cluster. */
export interface ClusterConfig {
  readonly login: Login;
  /** Where each host is now, and its broker id, by its name. */
  readonly hosts: Readonly<Record<string, { readonly address: string; readonly id: number }>>;
  /** `host:port` of every broker. */
  readonly bootstrapServers: readonly string[];
  /** `host:port` of every ZooKeeper; none in a cluster with KRaft. */
  readonly zookeepers: readonly string[];
  /** `id@host:port` of every controller; none in a cluster with ZooKeeper. */
  readonly controllers: readonly string[];
}

/** All connections of one run: one a host, one to Kafka, each opened when first needed. */
export class ClusterSession {
  private readonly config: ClusterConfig;
  private readonly hosts = new Map<string, Promise<Connection>>();
  private readonly rolls: Readonly<Record<"kafka" | "zookeeper", Roll>>;
  private kafka: Promise<KafkaAdmin> | undefined;

  constructor(config: ClusterConfig) {
    this.config = config;
    const describe = async () => (await this.admin()).cluster();
    const brokers = brokerGate(config.hosts, config.bootstrapServers.length, describe);
    const { controllers } = config;
    this.rolls = {
      kafka: new Roll("kafka.service", controllers.length === 0 ? brokers : quorumGate(controllers, brokers)),
      zookeeper: new Roll("zookeeper.service", zookeeperGate(config.zookeepers)),
    };
  }

  /** The session as one operation sees it; `log` shows what lasts, `progress` what passes. */
  with(progress: (message: string) => void, log: (message: string) => void): Session {
    return {
      host: (target) => this.host(target),
      topics: () => this.admin(),
      dynamicConfig: async () => dynamicConfig,
      turn: (group, target, work) => this.rolls[group].turn(target, work, log),
      progress,
    };
  }

  async close(): Promise<void> {
    for (const host of this.hosts.values()) host.then((connection) => connection.close()).catch(() => {});
    // One that is still being opened does not keep who waits for the end.
    void this.kafka?.then((topics) => topics.close()).catch(() => {});
  }

  /**
   * A lost connection is opened again; a refused login is not, as sshd and fail2ban count attempts. What is recorded may
   * have an address that the host has no more.
   */
  private async host({ host, address }: HostAddress): Promise<Connection> {
    const target = { host, address: this.config.hosts[host]?.address ?? address };
    // Topics are asked for after the hosts, and find the brokers connected by then.
    if (this.hosts.size === 0) this.admin().catch(() => {});
    const known = this.hosts.get(target.address);
    if (known !== undefined && (await known).alive) return known;
    if (this.hosts.get(target.address) === known) this.hosts.set(target.address, openPinned(target, this.config.login));
    return this.hosts.get(target.address) as Promise<Connection>;
  }

  private admin(): Promise<KafkaAdmin> {
    if (this.kafka === undefined) {
      this.kafka = connectAdmin(this.config.bootstrapServers);
      // Asked again next time: brokers that are being started answer later.
      this.kafka.catch(() => {
        this.kafka = undefined;
      });
    }
    return this.kafka;
  }
}
