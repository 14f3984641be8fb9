/**
 * V8 lets the space for young objects grow up to 48 MB, three times this, for which a service gains nothing: what it makes of a
 * batch is gone with it. In MiB, of a third.
 */
const MAX_SEMI_SPACE = "--max-semi-space-size=4";

/** What runs a service. @param replica from 1 */
export function serviceCommand(node: string, folder: string, replica = 1): string[] {
  return [node, MAX_SEMI_SPACE, `${folder}/service.mjs`, ...(replica === 1 ? [] : [String(replica)])];
}
