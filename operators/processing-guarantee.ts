/**
 * What a failure does to the records that were under way: each is processed once, or some again. The words are those of
 * Kafka Streams' `processing.guarantee`.
 */
export const PROCESSING_GUARANTEES = ["exactly_once", "at_least_once"] as const;
export type ProcessingGuarantee = (typeof PROCESSING_GUARANTEES)[number];
