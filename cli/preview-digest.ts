/** The part of `pulumi preview --json` that is looked at (`display.PreviewDigest` in Pulumi's source). */
export interface PreviewDigest {
  readonly diagnostics?: readonly {
    readonly urn?: string;
    readonly message?: string;
    readonly severity?: string;
  }[];
  readonly changeSummary?: Readonly<Record<string, number>>;
}

export interface Verdict {
  readonly kind: "same" | "changes" | "refused";
  readonly text: string;
}

/** The outcome of a preview. The provider wrote the sentences (provisioning/impact); this function only picks them out. */
export function verdictOf({ diagnostics = [], changeSummary = {} }: PreviewDigest): Verdict {
  const errors = diagnostics.filter(({ severity }) => severity === "error");
  if (errors.length > 0) return { kind: "refused", text: [...new Set(errors.flatMap(refusal))].join("\n") };
  const impacts = diagnostics.filter(({ urn = "" }) => urn.includes("::bramble:pipeline:Impact::"));
  const { same: _, refresh: __, ...changes } = changeSummary;
  const changed = Object.values(changes).some((count) => count > 0);
  if (!changed) return { kind: "same", text: "Nothing changes." };
  const sentences = impacts.map(({ message = "" }) => message.trim()).join("\n");
  return { kind: "changes", text: sentences || "Only bramble's own records change; no host is touched." };
}

/** The sentences of a refusal, without what Pulumi puts around them. */
function refusal({ message = "" }: { readonly message?: string }): string[] {
  const lines = message.split("\n").map((line) => line.trim().replace(/^(error: |Preview failed: |\* )+/i, ""));
  return lines.filter((line) => line !== "" && line !== "preview failed" && !/^\d+ errors? occurred:$/.test(line));
}

/** Pulumi's message when there is no preview at all, with the next step if that is known. */
export function problemOf(said: string): string {
  const problem = said.replace(/^error: /, "");
  if (problem === "") return "pulumi preview printed nothing";
  if (!problem.startsWith("no stack named ")) return problem;
  return `${problem}; create it with \`pulumi stack init\`. For the lab's stack, put \`npx bramble lab exec --\` before the command.`;
}
