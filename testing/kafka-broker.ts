import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, connect as openSocket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Kafka, logLevel } from "kafkajs";
import { kafkaSeries } from "../declaration/kafka-versions.ts";
import { cacheFolder } from "../setup/cache.ts";
import { eventually } from "./eventually.ts";

export interface KillableBroker {
  /** SIGKILL; `restart` brings it back on the same port with the same data. */
  kill(): Promise<void>;
  restart(): Promise<void>;
  /** SIGSTOP, after which the cluster gives it up; `thaw` brings it back without a start of its own. */
  freeze(): void;
  thaw(): void;
}

/** What a client needs. */
export interface ReachableBroker {
  readonly bootstrapServer: string;
  /** Runs one of Kafka's own tools, e.g. `tool("kafka-topics.sh", "--list")`; gives its standard output. */
  tool(script: string, ...args: string[]): string;
}

/** One ZooKeeper and one broker on loopback, small heaps, everything in a folder of its own. */
export interface KafkaBroker extends ReachableBroker, KillableBroker {
  /** The unpacked release. */
  readonly home: string;
  /** Another broker of the cluster, with the id 1; it ends with this one. */
  startSecond(): Promise<KillableBroker>;
  stop(): Promise<void>;
}

const RELEASE = `kafka_2.13-${kafkaSeries.zookeeper.version}`;

/** Starts soon: compiling with care what runs for seconds takes longer than running it. */
const SHORT_LIVED = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC";

interface StartOptions {
  /** Home of a release that is unpacked already. */
  readonly unpacked?: string;
  /** For a few tests. */
  readonly isShortLived?: boolean;
}

export async function startKafkaBroker({ unpacked, isShortLived = false }: StartOptions = {}): Promise<KafkaBroker> {
  const folder = mkdtempSync(join(tmpdir(), "bramble-kafka-"));
  requireJava();
  if (unpacked === undefined) execFileSync("tar", ["xzf", archive(), "-C", folder]);
  const home = unpacked ?? join(folder, RELEASE);
  const [zookeeperPort, brokerPort] = await Promise.all([freePort(), freePort()]);
  writeFileSync(
    join(folder, "zookeeper.properties"),
    [
      `dataDir=${folder}/zookeeper`,
      `clientPort=${zookeeperPort}`,
      "clientPortAddress=127.0.0.1",
      "admin.enableServer=false",
      "tickTime=500",
    ].join("\n"),
  );
  const serverProperties = (id: number, port: number) =>
    [
      `broker.id=${id}`,
      `listeners=PLAINTEXT://127.0.0.1:${port}`,
      `log.dirs=${folder}/logs-${id}`,
      `zookeeper.connect=127.0.0.1:${zookeeperPort}`,
      "zookeeper.session.timeout.ms=4000",
      "num.network.threads=2",
      "num.io.threads=4",
      "log.cleaner.dedupe.buffer.size=16777216",
      "log.cleaner.backoff.ms=200",
      "offsets.topic.replication.factor=1",
      "offsets.topic.num.partitions=4",
      "transaction.state.log.replication.factor=1",
      "transaction.state.log.min.isr=1",
      "transaction.state.log.num.partitions=4",
      "group.initial.rebalance.delay.ms=0",
      "auto.create.topics.enable=true",
      // Some records say that they are years old, and would be deleted half a minute after the broker's start.
      "log.retention.ms=-1",
    ].join("\n");
  const daemons = new Set<ChildProcess>();
  const start = (script: string, config: string, heap: string) => {
    // The kernel ends it with this process, however that ends: Jest kills its workers when a run is cut short.
    const daemon = spawn("setpriv", ["--pdeathsig", "KILL", join(home, "bin", script), join(folder, config)], {
      stdio: "ignore",
      env: {
        ...process.env,
        KAFKA_HEAP_OPTS: heap,
        LOG_DIR: join(folder, "log"),
        ...(isShortLived && { KAFKA_JVM_PERFORMANCE_OPTS: SHORT_LIVED }),
      },
    });
    daemons.add(daemon.once("exit", () => daemons.delete(daemon)));
    return daemon;
  };
  const startBroker = async (id: number, port: number): Promise<KillableBroker> => {
    const config = `server-${id}.properties`;
    writeFileSync(join(folder, config), serverProperties(id, port));
    const startOnce = async () => {
      const started = start("kafka-server-start.sh", config, "-Xms128m -Xmx256m");
      await listening(port, started);
      await controlled(`127.0.0.1:${port}`);
      return started;
    };
    let broker = await startOnce();
    return {
      kill: () => ended(broker, "SIGKILL"),
      freeze: () => void broker.kill("SIGSTOP"),
      thaw: () => void broker.kill("SIGCONT"),
      restart: async () => {
        // A broker that was killed is refused while ZooKeeper still holds the session of its former self.
        let reason: unknown;
        const started = () =>
          startOnce().then(
            (again) => {
              broker = again;
              return true;
            },
            (error) => {
              reason = error;
              return false;
            },
          );
        await eventually(started, () => `${reason}`);
      },
    };
  };
  const zookeeper = start("zookeeper-server-start.sh", "zookeeper.properties", "-Xms32m -Xmx64m");
  await listening(zookeeperPort, zookeeper);
  const broker = await startBroker(0, brokerPort);
  return {
    ...broker,
    ...reachableBroker(`127.0.0.1:${brokerPort}`, home),
    home,
    startSecond: async () => startBroker(1, await freePort()),
    stop: async () => {
      await Promise.all([...daemons].map((each) => ended(each, "SIGKILL")));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** @param home of an unpacked release */
export function reachableBroker(bootstrapServer: string, home: string): ReachableBroker {
  const env = { ...process.env, KAFKA_JVM_PERFORMANCE_OPTS: SHORT_LIVED };
  return {
    bootstrapServer,
    tool: (script, ...args) =>
      execFileSync(join(home, "bin", script), ["--bootstrap-server", bootstrapServer, ...args], {
        encoding: "utf8",
        stdio: ["ignore", "pipe", "pipe"],
        env,
      }),
  };
}

function archive(): string {
  const path = join(cacheFolder(), "kafka", `${RELEASE}.tgz`);
  if (!existsSync(path)) throw new Error(`${path}: there is no Kafka archive; run the set-up (make setup) first`);
  return path;
}

function requireJava(): void {
  try {
    execFileSync("java", ["-version"], { stdio: "ignore" });
  } catch {
    throw new Error("java is not on PATH; a broker needs Java 17: install openjdk-17-jre-headless");
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function listening(port: number, server: ChildProcess): Promise<void> {
  const isOpen = () => {
    if (server.exitCode !== null) throw new Error(`${server.spawnargs.join(" ")}: exited with ${server.exitCode}`);
    return new Promise<boolean>((resolve) => {
      const socket = openSocket(port, "127.0.0.1");
      socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
      socket.once("connect", () => socket.destroy());
    });
  };
  await eventually(isOpen, () => `${server.spawnargs.join(" ")} does not listen at 127.0.0.1:${port}`, 60_000);
}

/** A broker listens before it is the controller, and creates no topics until then. */
async function controlled(bootstrapServer: string): Promise<void> {
  const admin = new Kafka({ brokers: [bootstrapServer], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  const hasController = async () => ((await admin.describeCluster()).controller ?? -1) >= 0;
  await eventually(hasController, () => `${bootstrapServer} knows no controller`);
  await admin.disconnect();
}

async function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = new Promise((resolve) => child.once("exit", resolve));
  child.kill(signal);
  await exit;
}
