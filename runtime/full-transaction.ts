/**
 * A transaction that makes more than this ends with the record at hand. About what is in memory for it, and more than what
 * goes to Kafka: of 384 MB for a unit (MemoryMax), some partitions at once take a part, and a Pi writes it well within
 * the time that a transaction has.
 */
export const FULL_TRANSACTION_BYTES = 8 * 1024 * 1024;

/**
 * The same for one whose operators have worked for so long. Meanwhile nothing else is done, and the group must hear of its
 * member within 6 s.
 */
export const FULL_TRANSACTION_MS = 250;

/** A clock is asked only after so many records: that takes longer than many an operator. */
const LOOK_EVERY = 64;

/** To be asked before each record of one transaction, with the bytes that those before it have made. */
export function fullness(
  fullBytes = FULL_TRANSACTION_BYTES,
  now = () => performance.now(),
): (bytes: number) => boolean {
  const began = now();
  let records = 0;
  // Never before the first: a transaction that takes none would be tried again for ever.
  return (bytes) => bytes > fullBytes || (++records % LOOK_EVERY === 0 && now() - began > FULL_TRANSACTION_MS);
}
