import { expect, test } from "@jest/globals";
import { didYouMean, nearest } from "../../declaration/suggest.ts";

const operators = ["add-noise", "celsius-to-fahrenheit", "ewma", "moving-average", "round", "threshold"];

test.each([
  ["emwa", "ewma"],
  ["EWMA", "ewma"],
  ["treshold", "threshold"],
  ["movingaverage", "moving-average"],
  ["celcius-to-farenheit", "celsius-to-fahrenheit"],
  ["rounds", "round"],
  ["median", undefined],
  ["", undefined],
  ["x", undefined],
])("%p was meant to be %p", (written, meant) => {
  expect(nearest(written, operators)).toBe(meant);
});

test("of several near names the nearest is told, of equally near ones the first", () => {
  expect(nearest("con", ["con12", "con1", "con2"])).toBe("con1");
  expect(didYouMean("con9", ["con1", "con2"])).toBe("; did you mean con1?");
  expect(didYouMean("fourier", operators)).toBe("");
});
