/**
 * A transaction that makes more than this ends with the record at hand. About what is in memory for it, and more than what
 * goes to Kafka: of 384 MB for a unit (MemoryMax), eight partitions at once take a part, and a Pi writes it well within
 * the time that a transaction has.
 */
export const FULL_TRANSACTION_BYTES = 8 * 1024 * 1024;
