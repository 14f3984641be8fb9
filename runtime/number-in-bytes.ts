const MINUS = 0x2d;
const POINT = 0x2e;
const ZERO = 0x30;

/** Whole numbers below 2^53 and these powers are exact in a double, so their quotient is rounded once, as it should be. */
const POWERS_OF_TEN = Array.from({ length: 16 }, (_, exponent) => 10 ** exponent);
const EXACT_DIGITS = 15;

/**
 * The number that a JSON number of the plain kind stands for (RFC 8259: an optional minus, digits, an optional fraction), to
 * the last bit what JSON.parse gives; undefined for anything else, which may still be a number. Exact in one step as in
 * W. D. Clinger, "How to Read Floating Point Numbers Accurately", PLDI 1990.
 */
export function plainNumber(bytes: Buffer, start: number, end: number): number | undefined {
  const isNegative = bytes[start] === MINUS;
  const first = isNegative ? start + 1 : start;
  let at = first;
  let digits = 0;
  for (; at < end; at++) {
    const digit = (bytes[at] as number) - ZERO;
    if (digit < 0 || digit > 9) break;
    digits = digits * 10 + digit;
  }
  if (at === first || (at > first + 1 && bytes[first] === ZERO)) return undefined;
  let decimals = 0;
  if (at < end) {
    if (bytes[at++] !== POINT || at === end) return undefined;
    decimals = end - at;
    for (; at < end; at++) {
      const digit = (bytes[at] as number) - ZERO;
      if (digit < 0 || digit > 9) return undefined;
      digits = digits * 10 + digit;
    }
  }
  const count = end - first - (decimals > 0 ? 1 : 0);
  if (count > EXACT_DIGITS) {
    const value = Number(bytes.toString("latin1", start, end));
    return Number.isFinite(value) ? value : undefined;
  }
  const size = decimals === 0 ? digits : digits / (POWERS_OF_TEN[decimals] as number);
  return isNegative ? -size : size;
}
