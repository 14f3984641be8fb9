const NUMBER = /^\s*(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?\s*$/;

/** The digits of a number, without zeros on either side, and the power of ten that they are multiplied by. */
interface Decimal {
  readonly sign: string;
  readonly digits: string;
  readonly exponent: number;
}

/**
 * The text of a number that equal numbers have in common, and no others: 1, 1.0 and 1e0 are "1", but 9007199254740993 is not
 * 9007199254740992, which the nearest double is. What a double holds is written as JSON.stringify writes it, so 1e21 is "1e+21".
 * @param text a JSON number
 */
export function exactNumber(text: string): string {
  const double = JSON.stringify(Number(text));
  if (double === text) return text;
  const decimal = decimalOf(text);
  if (decimal === undefined) return text.trim();
  const { sign, digits, exponent } = decimal;
  const nearest = decimalOf(double);
  if (nearest && digits === nearest.digits && sign === nearest.sign && exponent === nearest.exponent) return double;
  // An integer has all of its digits: others read it too. A double has 309 at most.
  return sign + (exponent >= 0 ? digits + "0".repeat(exponent) : `${digits}e${exponent}`);
}

/** Undefined for an exponent that is itself no exact number. */
function decimalOf(text: string): Decimal | undefined {
  const [, sign = "", whole = "", fraction = "", power = "0"] = NUMBER.exec(text) ?? [];
  const all = (whole + fraction).replace(/^0+/, "");
  const digits = withoutZeros(all);
  if (digits === "") return { sign: "", digits: "0", exponent: 0 };
  const exponent = Number(power) - fraction.length + (all.length - digits.length);
  return Number.isSafeInteger(exponent) ? { sign, digits, exponent } : undefined;
}

/** A regular expression would look for the end from each of the zeros. */
function withoutZeros(digits: string): string {
  let end = digits.length;
  while (digits[end - 1] === "0") end--;
  return digits.slice(0, end);
}
