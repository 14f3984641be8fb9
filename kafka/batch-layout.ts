/** Base offset and length, which a batch begins with in a log and on its way. */
export const HEAD_BYTES = 12;

/**
 * Where the fields of a record batch are (format v2; Kafka's protocol guide, "Record Batch", and KIP-98), counted from the
 * partition leader epoch on, which the broker fills in: the base offset and the length come before it.
 */
export const LEADER_EPOCH_AT = 0;
export const MAGIC_AT = 4;
export const CRC_AT = 5;
/** The checksum is over all from here on. */
export const ATTRIBUTES_AT = 9;
export const LAST_OFFSET_DELTA_AT = 11;
export const BASE_TIMESTAMP_AT = 15;
export const MAX_TIMESTAMP_AT = 23;
export const PRODUCER_ID_AT = 31;
export const PRODUCER_EPOCH_AT = 39;
export const BASE_SEQUENCE_AT = 41;
export const RECORD_COUNT_AT = 45;
export const RECORDS_AT = 49;

/** The number of the format. */
export const MAGIC = 2;

/** Of the attributes: the number of the codec. */
export const CODEC = 0x07;
/** The broker's clock, in the max timestamp, is the time of every record. */
export const LOG_APPEND_TIME = 0x08;
export const TRANSACTIONAL = 0x10;
/** Its one record is the end of a transaction. */
export const CONTROL = 0x20;
