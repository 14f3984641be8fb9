/** The part of an engine event (`apitype.EngineEvent` in Pulumi's SDK) that is looked at here. */
export interface PulumiEvent {
  readonly resourcePreEvent?: { readonly metadata: StepMetadata };
  readonly resOutputsEvent?: { readonly metadata: StepMetadata };
  readonly diagnosticEvent?: { readonly severity: string; readonly message: string; readonly urn?: string };
  readonly summaryEvent?: {
    readonly resourceChanges: Readonly<Record<string, number>>;
    readonly isPreview: boolean;
  };
}

interface StepMetadata {
  readonly op: string;
  readonly urn: string;
  readonly detailedDiff?: Readonly<Record<string, unknown>> | null;
}

export interface Change {
  readonly op: string;
  /** Paths of the properties that differ. */
  readonly fields: readonly string[];
}

export interface Report {
  /** Resources by operation, as Pulumi's own summary counts them, without those that stay the same. */
  readonly counts: Readonly<Record<string, number>>;
  /** Every resource that does not stay as it is, by its name. */
  readonly changes: Readonly<Record<string, Change>>;
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
}

/** Steps that leave a resource as it is, and the halves of a replacement. */
const quiet = ["same", "refresh", "read", "create-replacement", "delete-replaced", "discard"];

/** What a run did, or would do; of an `up` that previews first, the update. */
export function reportOf(all: readonly PulumiEvent[]): Report {
  const behindPreview = all.slice(all.findIndex(({ summaryEvent }) => summaryEvent?.isPreview) + 1);
  // What is said after the summary of a preview that failed, or was all that was asked for, belongs to it.
  const isUpdate = behindPreview.some(({ resourcePreEvent, summaryEvent }) => resourcePreEvent ?? summaryEvent);
  const events = isUpdate ? behindPreview : all;
  const { same: _, ...counts } =
    events.findLast(({ summaryEvent }) => summaryEvent)?.summaryEvent?.resourceChanges ?? {};
  const steps = events.flatMap(({ resourcePreEvent }) => resourcePreEvent?.metadata ?? []);
  const changes = steps
    .filter(({ op }) => !quiet.includes(op))
    .map(({ op, urn, detailedDiff }) => [nameOf(urn), { op, fields: Object.keys(detailedDiff ?? {}).sort() }] as const);
  const said = (severity: string) =>
    events.flatMap(({ diagnosticEvent }) =>
      diagnosticEvent?.severity === severity ? [diagnosticEvent.message.trim()] : [],
    );
  return { counts, changes: Object.fromEntries(changes), errors: said("error"), warnings: said("warning") };
}

export function nameOf(urn: string): string {
  return urn.split("::").at(-1) ?? urn;
}
