import type { Result } from "../ssh/command.ts";
import { type HostAddress, HostError } from "../ssh/host-error.ts";
import { stamp } from "./archive.ts";
import { hostResource, probeFailed, sh } from "./host-resource.ts";

export interface MachineArgs extends HostAddress {
  /** Least Java feature version that the daemons need. */
  readonly java: number;
  /** Least free space below /opt and /var/lib, in MB, while Kafka is not installed yet. */
  readonly freeMb: number;
  /** Folder that says Kafka is installed: the space was taken then. */
  readonly home: string;
  /** Version of the Kafka in that folder, where bramble has not put it there itself. */
  readonly kafka: string;
  /** TCP ports that the daemons need, with the unit that may hold each. */
  readonly ports: Readonly<Record<string, string>>;
  /** Folder with Kafka's data. */
  readonly dataFolder: string;
  /** What the data must be of, where there are any: what a cluster is cannot be changed under its records. */
  readonly data: DataOrigin;
  /** Who else holds one of these ports, by port: expected to be nobody. */
  readonly intruders: Readonly<Record<string, string>>;
}

/** What Kafka has written about a data folder into it; absent is what it does not tell, or is of no account. */
export interface DataOrigin {
  /** "zookeeper" or "kraft". */
  readonly mode?: string | undefined;
  /** The broker's, or node's, id. */
  readonly node?: string | undefined;
  readonly cluster?: string | undefined;
  /** Ids of the voting controllers: "0, 1, 2". */
  readonly controllers?: string | undefined;
}

export interface MachineState extends MachineArgs {
  /** Architecture as uname -m says: "x86_64", "aarch64". */
  readonly machine: string;
  /** Java's feature version that is there; 0 for none. */
  readonly java: number;
  readonly foundFreeMb: number;
}

const supported = ["x86_64", "aarch64"];

/** Prints `port pid command` for each listener on the given ports that is not run by the unit expected there. */
const listeners = `
for pair in "$@"; do port=\${pair%%=*}; unit=\${pair#*=}; found=$(ss -ltnpH "sport = :$port")
  for pid in $(echo "$found" | grep -o 'pid=[0-9]*' | sort -u | cut -d= -f2); do
    grep -q "/$unit" "/proc/$pid/cgroup" || printf '%s %s %s\\n' "$port" "$pid" "$(tr '\\0' ' ' < "/proc/$pid/cmdline" | cut -c1-60)"
  done
done`;

/** Prints the version of the Kafka in a folder that is there and not bramble's, "none" when there is none in it. */
const foreignKafka = `[ -e "$1" ] && [ ! -e "$1/${stamp}" ] || exit 0
version=$(ls -- "$1/libs" 2>/dev/null | sed -n 's/^kafka_2\\.13-\\([0-9.]*\\)\\.jar$/\\1/p' | head -n1); echo "\${version:-none}"`;

/** Prints what Kafka says of its data folder: nothing where there is none. */
const dataOrigin = `for f in meta.properties __cluster_metadata-0/quorum-state; do
  [ ! -e "$1/$f" ] || cat -- "$1/$f"; echo
done`;

/**
 * The host itself: not made by bramble, but looked at before anything is put on it. It changes nothing; creating it
 * means that the host can bear what is to come, and it fails with all that is wrong at once, already in preview.
 */
export const machine = hostResource<MachineArgs, MachineState>({
  token: "bramble:host:Machine",
  replaceOn: ["host"],
  id: ({ host }) => host,
  probe: ({ home, ports, dataFolder }) => [
    ["uname", "-m"],
    sh("java -version 2>&1"),
    sh(
      'stat -- "$1" >/dev/null 2>&1 && echo installed; df --output=avail -BM / /opt /var/lib | tail -n +2 | tr -d " M" | sort -n | head -n1',
      home,
    ),
    sh(listeners, ...Object.entries(ports).map(([port, unit]) => `${port}=${unit}`)),
    sh(foreignKafka, home),
    sh(dataOrigin, dataFolder),
  ],
  read([uname, java, disk, ports, kafka, data], args) {
    for (const result of [uname, disk, ports, kafka, data]) {
      if (result?.exitCode !== 0) throw probeFailed(args, "the host's state", result);
    }
    if (!uname || !java || !disk || !ports || !kafka || !data) throw probeFailed(args, "the host's state", undefined);
    const free = disk.stdout.trim().split("\n");
    return {
      host: args.host,
      address: args.address,
      home: args.home,
      kafka: kafka.stdout.trim() || args.kafka,
      ports: args.ports,
      dataFolder: args.dataFolder,
      data: originOf(data.stdout, args.data),
      machine: uname.stdout.trim(),
      java: Math.min(javaVersion(java), args.java),
      freeMb: args.freeMb,
      foundFreeMb: free[0] === "installed" ? args.freeMb : Math.min(Number(free.at(-1)), args.freeMb),
      intruders: intruders(ports),
    };
  },
  plan(want, have) {
    const errors = have === undefined ? [] : errorsOf(want, have);
    if (errors.length > 0) throw new AggregateError(errors, errors.map(({ message }) => message).join("\n"));
    return [];
  },
  planDelete: () => [],
});

function errorsOf(want: MachineArgs, have: MachineState): HostError[] {
  const errors: HostError[] = [];
  const hostError = (found: string, expected: string | undefined, next: string) =>
    errors.push(new HostError(want, { found, ...(expected !== undefined && { expected }), next }));
  if (!supported.includes(have.machine)) {
    const next = "Install a 64-bit system (Raspberry Pi OS 64-bit).";
    hostError(`the system is ${have.machine}`, supported.join(" or "), next);
  }
  if (have.java < want.java) {
    const found = have.java === 0 ? "Java is not installed" : `Java ${have.java} is installed`;
    hostError(found, `Java ${want.java} or newer`, "Install it: `sudo apt-get install openjdk-17-jre-headless`.");
  }
  if (have.foundFreeMb < want.freeMb) {
    const next = "Free some space, or use a larger card.";
    hostError(`the disk has ${have.foundFreeMb} MB free`, `at least ${want.freeMb} MB`, next);
  }
  if (have.kafka !== want.kafka) {
    const { home } = want;
    const found = have.kafka === "none" ? `${home} has no Kafka in it` : `${home} has Kafka ${have.kafka}`;
    const use = have.kafka === "none" ? "Move" : `Write \`version: ${have.kafka}\` into the pipeline file, or move`;
    hostError(found, `Kafka ${want.kafka}`, `${use} the folder away: \`sudo mv ${home} ${home}.old\`.`);
  }
  const foreign = foreignData(want, have.data);
  if (foreign !== undefined) hostError(...foreign);
  for (const [port, holder] of Object.entries(have.intruders)) {
    const unit = want.ports[port] ?? "bramble";
    hostError(
      `port ${port} is in use by ${holder}`,
      undefined,
      `Stop that process (perhaps a daemon started by hand); ${unit} needs the port.`,
    );
  }
  return errors;
}

function javaVersion(result: Result): number {
  const [, first = "0", second = "0"] = /version "(\d+)(?:\.(\d+))?/.exec(result.stdout) ?? [];
  return Number(first === "1" ? second : first); // 1.8 is Java 8
}

function intruders(result: Result): Record<string, string> {
  const lines = result.stdout.split("\n").filter((line) => line !== "");
  return Object.fromEntries(
    lines.map((line) => {
      const [port = "", pid = "", ...command] = line.split(" ");
      return [port, `pid ${pid} (${command.join(" ").trim()})`];
    }),
  );
}

/** What the data are of, in the terms of `expected`; as expected where there are none, or where they do not say. */
function originOf(text: string, expected: DataOrigin): DataOrigin {
  const property = (key: string) => new RegExp(`^${key}=(.*)$`, "m").exec(text)?.[1];
  const layout = property("version");
  const voters = [...text.matchAll(/"voterId":(\d+)/g)].map(([, id]) => id);
  const told: DataOrigin = {
    mode: layout === undefined ? undefined : layout === "0" ? "zookeeper" : "kraft",
    node: property("node\\.id") ?? property("broker\\.id"),
    cluster: property("cluster\\.id"),
    controllers: voters.length === 0 ? undefined : voters.join(", "),
  };
  const terms = Object.keys(expected) as (keyof DataOrigin)[];
  return Object.fromEntries(terms.map((term) => [term, told[term] ?? expected[term]]));
}

/** Found, expected and next step where the data are of another cluster or node; the first difference explains the others. */
function foreignData(want: MachineArgs, have: DataOrigin): [found: string, expected: string, next: string] | undefined {
  const { host, address, dataFolder, data } = want;
  const differs = (term: keyof DataOrigin) => have[term] !== data[term];
  const anew =
    "undo the change, or give up the records: `pulumi destroy` (it wipes them unless bramble:keepData is set), then `pulumi up`";
  const kind = ({ mode }: DataOrigin) => (mode === "kraft" ? "with KRaft" : "with ZooKeeper");
  if (differs("mode")) {
    return [
      `${dataFolder} has the records of a cluster ${kind(have)}`,
      `none, or those of a cluster ${kind(data)}`,
      `Records cannot move from one kind to the other: ${anew}; or deploy to other Pis, in a stack of their own.`,
    ];
  }
  if (differs("cluster")) {
    return [
      `${dataFolder} has the records of another cluster, ${have.cluster}`,
      `none, or those of this stack's cluster, ${data.cluster}`,
      `Use the stack that wrote the records; or, if nobody needs them, stop the brokers and run \`sudo rm -rf ${dataFolder}\`.`,
    ];
  }
  if (differs("node")) {
    return [
      `${dataFolder} has the records of node ${have.node}`,
      `none, or those of node ${data.node}, the host's id under cluster/hosts`,
      `A node keeps its id while hosts come and go: write \`${host}: { address: ${address}, id: ${have.node} }\` there; or ${anew}.`,
    ];
  }
  if (differs("controllers")) {
    return [
      `the cluster has its controllers on nodes ${have.controllers}`,
      `nodes ${data.controllers}`,
      "Controllers stay on their Pis for the life of the cluster (services may leave these Pis, and cards may be replaced): " +
        `write their hosts under cluster/kraft/controllers, ${anew}.`,
    ];
  }
  return undefined;
}
