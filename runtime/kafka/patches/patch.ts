/** A small change to a module of kafkajs 2.2.4, made when a service is bundled; the installed package stays as it is. */
export interface Patch {
  /** Path of the module inside the package. */
  readonly module: string;
  /** Where the fault is discussed upstream. kafkajs has had no release since 2023. */
  readonly upstream: readonly string[];
  /** Each text is replaced wherever it stands; one that is not found fails the bundle, so that no patch lapses unseen. */
  readonly edits: readonly { readonly find: string; readonly replace: string }[];
}

export function applyPatch({ module, edits }: Patch, source: string): string {
  return edits.reduce((text, { find, replace }) => {
    if (!text.includes(find)) {
      throw new Error(`kafkajs/${module}: the patch for it no longer fits; install kafkajs 2.2.4, or fix the patch`);
    }
    return text.replaceAll(find, replace);
  }, source);
}
