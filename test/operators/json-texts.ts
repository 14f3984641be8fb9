import fc from "fast-check";

/** JSON as programs write it, not only as JSON.stringify does. */

const digits = fc.string({ unit: fc.constantFrom(..."0123456789"), minLength: 1, maxLength: 25 });
const whole = digits.map((text) => text.replace(/^0+(?=\d)/, ""));
const sign = fc.constantFrom("", "-");
const exponent = fc.constantFrom("", "", "e2", "E+5", "e-7", "E-400", "e0");

/** Numbers, also those that no double holds; none of them is beyond a double's range. */
export const numberTexts = fc.oneof(
  fc.constantFrom("9007199254740993", "1.0", "-0", "0e0", "1E5", "1e-400", "0.10", "12345678901234567890123"),
  fc
    .tuple(sign, whole, fc.option(digits, { nil: undefined }), exponent)
    .map(([minus, int, fraction, power]) => `${minus}${int}${fraction === undefined ? "" : `.${fraction}`}${power}`),
);

const character = fc.oneof(
  fc.constantFrom("a", "1", " ", "é", "€", "😀", ",", "{", "]", ":"),
  fc.constantFrom("\\u00e9", "\\/", "\\\\", '\\"', "\\n", "\\ud800", "\\uDC00", "\\b", "\\u0061"),
);
const quoted = fc.array(character, { maxLength: 6 }).map((parts) => `"${parts.join("")}"`);

/**
 * In the order of an object of JavaScript, "1" and "0" come first; "\u0061b" is "ab" once more. None is a single character that
 * is escaped: V8 13.6 may read such a name as a backslash.
 */
const names = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom('"ab"', '"b"', '"1"', '"0"', '"__proto__"', '"\\u0061b"', '""') },
  { weight: 1, arbitrary: quoted.filter((name) => !/^"\\(u.{4}|.)"$/.test(name)) },
);

const space = fc.constantFrom("", "", "", " ", "\n  ", "\t", "\r\n");
const spaced = (text: fc.Arbitrary<string>) => fc.tuple(space, text, space).map((parts) => parts.join(""));

const { value } = fc.letrec<{ value: string; list: string; object: string }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, depthSize: "small" },
    fc.oneof(numberTexts, quoted, fc.constantFrom("true", "false", "null")),
    tie("list"),
    tie("object"),
  ),
  list: fc.array(spaced(tie("value")), { maxLength: 4 }).map((items) => `[${items.join(",")}]`),
  object: fc
    .array(fc.tuple(spaced(names), spaced(tie("value"))), { maxLength: 5 })
    .map((members) => `{${members.map(([name, each]) => `${name}:${each}`).join(",")}}`),
}));

/** Any value. */
export const jsonTexts: fc.Arbitrary<string> = value;

/** The fields of an object as text, none of them named x. */
export const fieldTexts = fc.array(
  fc
    .tuple(spaced(names), spaced(value))
    .filter(([name]) => JSON.parse(name) !== "x")
    .map(([name, each]) => `${name}:${each}`),
  { maxLength: 5 },
);
