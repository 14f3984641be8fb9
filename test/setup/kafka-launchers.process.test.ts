import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { eventually } from "../../testing/eventually.ts";
import { bash, fakeCommand, root, scratch } from "./bash.ts";

let room: ReturnType<typeof scratch>;
let home: string;
beforeEach(() => {
  room = scratch();
  home = join(room.folder, "kafka");
  mkdirSync(home);
  for (const bin of ["bin", "series-3/bin"]) {
    cpSync(join(root, "setup/kafka", bin), join(home, "bin"), { recursive: true });
  }
  // Java that only tells how it was called.
  fakeCommand(join(room.folder, "path"), "java", `printf '%s\\n' "$@"`);
});
afterEach(() => room.remove());

const unset = Object.fromEntries(
  [
    "JAVA_HOME",
    "KAFKA_HEAP_OPTS",
    "KAFKA_OPTS",
    "KAFKA_LOG4J_OPTS",
    "KAFKA_JMX_OPTS",
    "JMX_PORT",
    "LOG_DIR",
    "CLASSPATH",
  ].map((name) => [name, ""]),
);

const kafka = (command: string, env: Record<string, string> = {}) =>
  bash(`${home}/bin/${command}`, { ...unset, PATH: `${room.folder}/path:${process.env.PATH}`, ...env });

const java = async (command: string, env?: Record<string, string>) =>
  (await kafka(command, env)).stdout.trimEnd().split("\n");

describe("kafka-run-class.sh", () => {
  test("a tool: its class and arguments as given, its log on standard error, no folder for logs", async () => {
    const argv = await java(`kafka-run-class.sh a.Tool --config "a b"`);
    expect(argv.slice(-5)).toEqual(["-cp", `${home}/libs/*`, "a.Tool", "--config", "a b"]);
    expect(argv).toContain("-Xmx256M");
    expect(argv).toContain(`-Dlog4j.configuration=file:${home}/config/tools-log4j.properties`);
    expect(argv).toContain(`-Dlog4j2.configurationFile=${home}/config/tools-log4j2.yaml`);
    expect(existsSync(join(home, "logs"))).toBe(false);
  });

  test("Kafka's variables take the place of the defaults, several flags in each", async () => {
    const argv = await java("kafka-run-class.sh a.Tool", {
      KAFKA_HEAP_OPTS: "-Xms64m -Xmx64m",
      KAFKA_JVM_PERFORMANCE_OPTS: "-XX:+UseG1GC",
      KAFKA_LOG4J_OPTS: "-Dlog4j.configuration=file:/etc/log4j.properties",
      KAFKA_OPTS: "-Da=1 -Db=2",
      JMX_PORT: "9999",
      CLASSPATH: "/mine.jar",
    });
    expect(argv).toEqual([
      "-Xms64m",
      "-Xmx64m",
      "-XX:+UseG1GC",
      "-Dcom.sun.management.jmxremote=true",
      "-Dcom.sun.management.jmxremote.authenticate=false",
      "-Dcom.sun.management.jmxremote.ssl=false",
      "-Dcom.sun.management.jmxremote.port=9999",
      `-Dkafka.logs.dir=${home}/logs`,
      "-Dlog4j.configuration=file:/etc/log4j.properties",
      "-Da=1",
      "-Db=2",
      "-cp",
      `/mine.jar:${home}/libs/*`,
      "a.Tool",
    ]);
  });

  test("JAVA_HOME comes before PATH", async () => {
    fakeCommand(join(room.folder, "jdk/bin"), "java", "echo the JDK");
    expect(await java("kafka-run-class.sh a.Tool", { JAVA_HOME: join(room.folder, "jdk") })).toEqual(["the JDK"]);
  });

  test("without Java it says so, and what to install", async () => {
    const { status, stderr } = await kafka("kafka-run-class.sh a.Tool", { JAVA_HOME: "/nowhere" });
    expect(status).toBe(1);
    expect(stderr).toContain("install a Java 17 runtime");
  });
});

describe("the servers", () => {
  const servers: [string, string, string][] = [
    ["kafka-server-start.sh", "kafka.Kafka", "kafkaServer"],
    ["zookeeper-server-start.sh", "org.apache.zookeeper.server.quorum.QuorumPeerMain", "zookeeper"],
  ];

  test.each(servers)("%s starts %s in the foreground", async (launcher, main) => {
    const argv = await java(`${launcher} my.properties`, { KAFKA_HEAP_OPTS: "-Xmx64m" });
    expect(argv.slice(-2)).toEqual([main, "my.properties"]);
    expect(argv).toContain("-Xmx64m");
    expect(argv).toContain(`-Dlog4j.configuration=file:${home}/bin/../config/log4j.properties`);
  });

  test("Kafka 4 finds the settings of its own log", async () => {
    expect(await java("kafka-server-start.sh my.properties")).toContain(
      `-Dlog4j2.configurationFile=${home}/bin/../config/log4j2.yaml`,
    );
  });

  test.each(servers)("%s -daemon comes back at once and leaves its output in logs/", async (launcher, main, name) => {
    // It runs until the test lets it end, so that a launcher that waits for it does not come back at all.
    const mayEnd = join(room.folder, "may-end");
    fakeCommand(
      join(room.folder, "path"),
      "java",
      `printf '%s\\n' "$@"; until [ -e ${mayEnd} ] || [ ! -e ${room.folder} ]; do sleep 0.1; done`,
    );
    expect(await kafka(`${launcher} -daemon my.properties`)).toEqual({ status: 0, stdout: "", stderr: "" });
    const output = join(home, `logs/${name}.out`);
    await eventually(
      () => existsSync(output) && readFileSync(output, "utf8").endsWith(`\n${main}\nmy.properties\n`),
      () => `${output} does not have what the daemon said`,
    );
    writeFileSync(mayEnd, "");
  });

  test.each(servers)("%s without settings shows its usage", async (launcher) => {
    expect(await kafka(launcher)).toMatchObject({ status: 1, stderr: expect.stringContaining("USAGE") });
  });
});

describe("stopping", () => {
  const running = [
    "101 java -Xmx256M -cp /opt/kafka/libs/* kafka.Kafka config/server.properties",
    "102 /usr/lib/jvm/bin/java -cp /opt/kafka/libs/* org.apache.zookeeper.server.quorum.QuorumPeerMain z.properties",
    "103 vi kafka.Kafka notes.txt",
    "104 bash -c pgrep QuorumPeerMain x",
    "105 java -cp /opt/kafka/libs/* kafka.admin.ConfigCommand kafka.Kafka.properties",
  ].join("\n");

  // Never the real ones: they would stop every broker of the machine that runs the tests.
  beforeEach(() => {
    fakeCommand(
      join(room.folder, "path"),
      "pgrep",
      `[ "$1" = -f ] || exit 9
       while read -r pid line; do if grep -qE -- "$2" <<<"$line"; then echo "$pid"; found=1; fi; done <<<"$RUNNING"
       [ -n "$found" ]`,
    );
  });
  const stop = (launcher: string, env: Record<string, string>) =>
    bash(`kill() { echo "kill $*"; }; export -f kill; ${home}/bin/${launcher}`, {
      PATH: `${room.folder}/path:${process.env.PATH}`,
      ...env,
    });

  test.each([
    ["kafka-server-stop.sh", "kill -s TERM 101\n"],
    ["zookeeper-server-stop.sh", "kill -s TERM 102\n"],
  ])("%s reaches the servers and nothing that only mentions them", async (launcher, killed) => {
    expect(await stop(launcher, { RUNNING: running })).toMatchObject({ status: 0, stdout: killed });
  });

  test("SIGNAL chooses another signal", async () => {
    expect((await stop("kafka-server-stop.sh", { RUNNING: running, SIGNAL: "KILL" })).stdout).toBe(
      "kill -s KILL 101\n",
    );
  });

  test.each([
    ["kafka-server-stop.sh", "No kafka server to stop\n"],
    ["zookeeper-server-stop.sh", "No zookeeper server to stop\n"],
  ])("%s with none running", async (launcher, stdout) => {
    expect(await stop(launcher, { RUNNING: "" })).toMatchObject({ status: 1, stdout });
  });
});
