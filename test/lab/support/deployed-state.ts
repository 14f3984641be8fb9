import { kafkaTool } from "./kafka.ts";
import { onHosts } from "./programs.ts";
import { unitStates } from "./units.ts";

/** All that a deployment leaves on the hosts and in Kafka and that another one of the same pipeline must leave too. */
export interface DeployedState {
  /** Files and folders by host, with mode, owner and the sum of what is in them. */
  readonly files: Readonly<Record<string, readonly string[]>>;
  readonly units: Readonly<Record<string, string>>;
  readonly topics: readonly string[];
}

const places =
  "/opt /etc/systemd/system /var/lib/kafka /var/lib/zookeeper /var/log/kafka /var/log/zookeeper /run/bramble*";
/** Records and logs differ from run to run: of data only the folders' own rights are compared. */
const list = `sudo sh -c '
  for place in ${places}; do
    [ ! -e "$place" ] || case $place in
      /var/*) find $place -maxdepth 0 -printf "%p %m %u:%g\\n" ;;
      *) find $place -not -path "/opt/kafka/logs/*" -not -name .bramble-archive \\( -type d -printf "%p %m %u:%g\\n" -o -type l -printf "%p -> %l\\n" \\)
         find $place -not -path "/opt/kafka/logs/*" -not -name .bramble-archive -type f -printf "%m %u:%g " -exec sha256sum {} \\; ;;
    esac
  done | LC_ALL=C sort; id kafka'`;

export async function deployedState(): Promise<DeployedState> {
  const [files, states, topics] = await Promise.all([
    // It reads all of Kafka and Node on every host.
    onHosts(list, undefined, { timeoutMs: 180_000 }),
    unitStates(),
    kafkaTool("rpi0", "kafka-topics.sh", "--describe"),
  ]);
  return {
    files: Object.fromEntries(Object.entries(files).map(([host, text]) => [host, text.split("\n")])),
    units: Object.fromEntries(
      Object.entries(states).map(([name, { active, enabled }]) => [name, `${active}, ${enabled}`]),
    ),
    // Where Kafka puts a partition is its own choice.
    topics: topics
      .split("\n")
      .filter((line) => line.startsWith("Topic:"))
      .map((line) => line.replace(/TopicId: \S+\s*/, ""))
      .sort(),
  };
}
