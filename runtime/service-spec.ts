import type { AppliedStep } from "../operators/chain.ts";
import type { Format } from "../operators/format.ts";
import type { Generator } from "../operators/generated-values.ts";
import type { ProcessingGuarantee } from "../operators/processing-guarantee.ts";
import type { TopicFormat } from "../operators/topics-of.ts";

export type { AppliedStep, ProcessingGuarantee };

/** What one operator service is told about itself: plain data, written into its bundle when it is built. */
export interface ServiceSpec {
  readonly name: string;
  /** Kafka consumer group, and prefix of the transactional ids. */
  readonly groupId: string;
  /** The group whose dead letters, put back, are for it; its own when it is absent. */
  readonly deadLettersOf?: string;
  /** Topic of the dead letters that tell what was decided before of records that it reads again; its own when it is absent. */
  readonly decidedIn?: string;
  /** `host:port` of brokers to try first. */
  readonly bootstrapServers: readonly string[];
  /** A `format` that is absent is that of numbers. */
  readonly input:
    | ({ readonly kind: "topic" } & TopicFormat)
    /** Merged: each in its order, none before another. */
    | { readonly kind: "topics"; readonly topics: readonly TopicFormat[] }
    /** `path` is the file's name inside the release folder. */
    | { readonly kind: "file"; readonly path: string; readonly everyMs: number; readonly format?: Format }
    /** A file that grows, on the host of the service; `path` is absolute. */
    | { readonly kind: "follow"; readonly path: string; readonly format?: Format }
    | (Generator & { readonly everyMs: number; readonly count?: number });
  readonly apply: readonly AppliedStep[];
  readonly output:
    | ({ readonly kind: "topic" } & TopicFormat)
    /** A value goes to the first of these whose filter keeps it; one without a filter takes what is left. */
    | { readonly kind: "branches"; readonly branches: readonly (TopicFormat & { readonly when?: AppliedStep })[] }
    | { readonly kind: "log"; readonly stages: boolean }
    /** Lines of a file of this name in the folder that systemd gives (StateDirectory=). */
    | { readonly kind: "file"; readonly name: string; readonly format?: Format };
  /** How far ahead of the clock an event time may be; DEFAULT_MAX_AHEAD when it is absent. */
  readonly maxAheadMs?: number;
  /** exactly_once when it is absent. */
  readonly processingGuarantee?: ProcessingGuarantee;
  readonly changelogTopic?: string;
  readonly deadLetterTopic?: string;
}
