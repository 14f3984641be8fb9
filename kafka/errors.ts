/** Another holder of the transactional id has taken over: this process must not write again. */
export class FencedError extends Error {
  constructor(transactionalId: string, cause: unknown) {
    super(`another copy of this service has taken over its transactional id ${transactionalId}`, { cause });
    this.name = "FencedError";
  }
}

/** Kafka's name of the error, e.g. CONCURRENT_TRANSACTIONS, looked for through the whole chain of causes. */
export function kafkaErrorType(error: unknown): string | undefined {
  for (let each = error; each instanceof Error; each = each.cause) {
    if ("type" in each && typeof each.type === "string") return each.type;
  }
  return undefined;
}

export function isFencing(error: unknown): boolean {
  const type = kafkaErrorType(error);
  return type === "INVALID_PRODUCER_EPOCH" || type === "PRODUCER_FENCED";
}

/** One line for the journal: what failed, and why as far as it is known. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const type = kafkaErrorType(error);
  const cause =
    error.cause instanceof Error && !error.message.includes(error.cause.message) ? error.cause.message : undefined;
  return [error.message, type && !error.message.includes(type) ? `(${type})` : undefined, cause && `: ${cause}`]
    .filter((part) => part !== undefined)
    .join(" ")
    .replace(" :", ":");
}

/** What was fetched is not what a producer may write, or not what one wrote. */
export class UnreadableBatchError extends Error {
  override name = "UnreadableBatchError";
  readonly problem: string;
  /** The first offset of the batch that is not read, and its last one. */
  readonly first: bigint;
  readonly last: bigint;
  /**
   * Whether its checksum is wrong, so that another replica may have it as it was written. Else it is the same wherever it
   * is read, and always will be.
   */
  readonly isDamaged: boolean;

  constructor(problem: string, { first, last, isDamaged }: { first: bigint; last: bigint; isDamaged: boolean }) {
    const offsets = first === last ? `offset ${first}` : `offsets ${first} to ${last}`;
    super(`the record batch with ${offsets} ${isDamaged ? "is damaged" : "cannot be read"}: ${problem}`);
    this.problem = problem;
    this.first = first;
    this.last = last;
    this.isDamaged = isDamaged;
  }
}
