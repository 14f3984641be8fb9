/** What the cluster's topics are cannot be told now. */
export class UnansweredError extends Error {}

export class NoBrokerError extends UnansweredError {
  constructor(bootstrapServers: readonly string[], cause: Error | undefined) {
    super(
      `Kafka: no broker answers at ${bootstrapServers.join(", ")}. ` +
        "See `systemctl status kafka` and `journalctl -u kafka` on the Pis.",
      { cause },
    );
    this.name = "NoBrokerError";
  }
}

export class NoLeaderError extends UnansweredError {
  constructor(topic: string, waitedMs: number, cause: Error) {
    super(
      `topic ${topic}: some partitions have had no leader for ${waitedMs / 1000} s; expected every broker to run. ` +
        "See `systemctl status kafka` and `journalctl -u kafka` on the Pis.",
      { cause },
    );
    this.name = "NoLeaderError";
  }
}
