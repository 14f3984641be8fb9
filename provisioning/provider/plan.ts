import type { Change } from "../impact/change.ts";
import type { FieldChange, Properties } from "./diff.ts";
import type { AnyResourceType } from "./registry.ts";

interface Known {
  readonly type: AnyResourceType;
  readonly inputs: Properties;
  readonly state: Properties | undefined;
}

/**
 * What the engine asks of this process, put together to one plan. The engine reads what the stack has, then checks what
 * is wanted, resource by resource; what was read and is not wanted any more is to go, which it does not tell in preview.
 */
export class Plan {
  /** Whether anything was asked for in preview; an `up` asks for the same, and needs no words for it. */
  previews = false;
  private readonly read = new Map<string, Known>();
  private readonly wanted = new Set<string>();
  private readonly planned = new Map<string, Change>();

  /** @param state as found; undefined when it is not there any more */
  found(urn: string, type: AnyResourceType, inputs: Properties, state: Properties | undefined): void {
    this.read.set(urn, { type, inputs, state });
  }

  checked(urn: string): void {
    this.wanted.add(urn);
  }

  /** A refresh compares too, before anything was checked: that is no plan. */
  isPlanned(urn: string): boolean {
    return this.wanted.has(urn);
  }

  compared(
    urn: string,
    type: AnyResourceType,
    resource: { readonly state: Properties; readonly want: Properties; readonly oldInputs: Properties },
    changes: readonly FieldChange[],
  ): void {
    if (!this.isPlanned(urn) || changes.length === 0) return;
    const { state: have, want, oldInputs } = resource;
    const replaced = changes.some(({ replace }) => replace);
    this.planned.set(urn, {
      token: type.token,
      operation: replaced ? "replace" : "update",
      recorded: this.read.get(urn)?.inputs ?? oldInputs,
      have,
      want,
      steps: steps(() => type.steps(want, replaced ? undefined : have)),
    });
  }

  /** The new half of a replacement was planned when it was compared. */
  created(urn: string, type: AnyResourceType, want: Properties): void {
    if (this.planned.has(urn)) return;
    const recorded = this.read.get(urn)?.inputs;
    this.planned.set(urn, {
      token: type.token,
      operation: "create",
      recorded,
      want,
      steps: steps(() => type.steps(want, undefined)),
    });
  }

  /** Everything that is not left as it is. */
  changes(): Change[] {
    const going = [...this.read].filter(([urn, { state }]) => !this.wanted.has(urn) && state !== undefined);
    return [
      ...this.planned.values(),
      ...going.map(([, { type, inputs, state = {} }]): Change => {
        const { token } = type;
        return {
          token,
          operation: "delete",
          recorded: inputs,
          have: state,
          steps: (type.planDelete?.(state) ?? []).map(({ does }) => does),
        };
      }),
    ];
  }
}

/** What will be refused has no steps: the refusal itself is reported where it is validated. */
function steps(of: () => string[]): string[] {
  try {
    return of();
  } catch {
    return [];
  }
}
