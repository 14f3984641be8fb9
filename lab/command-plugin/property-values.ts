/**
 * Property values as the engine sends them: plain data in which a reserved key marks what JSON has no word for. The
 * keys and values are part of Pulumi's protocol (sdk/go/common/resource/sig).
 */
export type Properties = Readonly<Record<string, unknown>>;

const signatureKey = "4dabf18193072939515e22adb298388d";
const secretSignature = "1b47061264138c4ac30d75fd1eb44270";

/** Stands in a preview for a text that is not known yet. */
export const unknownText = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
const unknowns: readonly unknown[] = [
  unknownText,
  "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7", // boolean
  "3eeb2bf0-c639-47a8-9e75-3b44932eb421", // number
  "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2", // list
  "030794c1-ac77-496b-92df-f27374a8bd58", // asset
  "e48ece36-62e2-4504-bad9-02848725956a", // archive
  "dd056dcd-154b-4c76-9bd3-c8f88648b5ff", // map
];

export function isUnknown(value: unknown): boolean {
  return unknowns.includes(value);
}

export function secret(value: unknown): unknown {
  return { [signatureKey]: secretSignature, value };
}

/** Whether the value is secret or has a secret inside. */
export function hasSecret(value: unknown): boolean {
  if (!isObject(value)) return false;
  return value[signatureKey] === secretSignature || Object.values(value).some(hasSecret);
}

/** The value with every secret unwrapped. */
export function reveal(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reveal);
  if (!isObject(value)) return value;
  if (value[signatureKey] === secretSignature) return reveal(value.value);
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, reveal(inner)]));
}

/** Equality of revealed values. */
export function equal(left: unknown, right: unknown): boolean {
  if (Array.isArray(left) && Array.isArray(right)) {
    return left.length === right.length && left.every((item, index) => equal(item, right[index]));
  }
  if (!isObject(left) || !isObject(right)) return left === right || (left == null && right == null);
  return [...new Set([...Object.keys(left), ...Object.keys(right)])].every((key) => equal(left[key], right[key]));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
