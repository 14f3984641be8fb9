/** What decides whether brokers of one Kafka and of another can be one cluster, and go on with the same data. */
export interface KafkaRelease {
  readonly version: string;
  /** The series whose protocol brokers speak among themselves (inter.broker.protocol.version); Kafka 4 agrees on its own. */
  readonly protocol?: string | undefined;
}

/**
 * Why brokers cannot go from one Kafka to the other, one at a time and with their data; undefined when they can. Patch
 * versions of one series may mix either way. To another series brokers go newer only, and with ZooKeeper they keep to the
 * old one's protocol until all of them are there (Kafka documentation, "Upgrading"). Pure.
 */
export function upgradeObstacle(from: KafkaRelease, to: KafkaRelease): string | undefined {
  // Another mode is another cluster, which is refused where its data are found.
  if ((from.protocol === undefined) !== (to.protocol === undefined)) return undefined;
  const [old, now] = [seriesOf(from.version), seriesOf(to.version)];
  const spoken = seriesOf(from.protocol ?? from.version);
  const expected = seriesOf(to.protocol ?? to.version);
  if (isOlder(expected, spoken)) {
    return (
      `Kafka: the brokers have worked as Kafka ${spoken}, and Kafka ${expected} (version ${to.version}) cannot read what ` +
      `they wrote. Write a version ${spoken}.x or newer into the pipeline file; or give up the records: ` +
      "`pulumi destroy`, then `pulumi up`."
    );
  }
  if (to.protocol === undefined || from.version === to.version || !(isOlder(old, expected) || isOlder(now, expected))) {
    return undefined;
  }
  const mixed = isOlder(old, now) ? old : now;
  return (
    `Kafka: the brokers run ${from.version}; those with ${to.version} would speak the protocol of ${expected} while others ` +
    `still speak that of ${mixed}. Go in two steps: write \`inter.broker.protocol.version: "${mixed}"\` under cluster/kafka/config and run ` +
    "`pulumi up`; then remove that line, and run `pulumi up` again."
  );
}

/** "3.9" of 3.9.2, 3.9 or 3.9-IV0. */
function seriesOf(version: string): string {
  return /^\d+\.\d+/.exec(version)?.[0] ?? version;
}

function isOlder(a: string, b: string): boolean {
  return a.localeCompare(b, "en", { numeric: true }) < 0;
}
