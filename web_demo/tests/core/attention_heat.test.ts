import assert from "node:assert/strict";
import test from "node:test";

import { heatColors } from "../../src/core/attention_heat.ts";

const maps = (values: number[], count: number, fullScale: number | null = null) => ({
  values: Float32Array.from(values),
  height: 1,
  width: values.length / count,
  count,
  fullScale,
});
const alphas = (colors: Uint8ClampedArray) => [...colors].filter((_, index) => index % 4 === 3);

test("most attention is most opaque, none is nothing", () => {
  // Two cells, three maps; the third is where the second cell leads. As AttentionHeatTest.kt.
  const both = maps([4, 0, 1, 0, 0, 3], 3);
  assert.deepEqual(alphas(heatColors(both, null)), [190, 114]);
  assert.deepEqual(alphas(heatColors(both, 0)), [190, 0]);
  const third = heatColors(both, 2);
  assert.deepEqual(alphas(third), [63, 190]);
  assert.equal(third[4], 255);
  assert.ok(third[1] > third[5], "yellow to red");
});

test("empty, negative and broken values are nothing", () => {
  assert.deepEqual(alphas(heatColors(maps([0, 0, 0], 1), null)), [0, 0, 0]);
  assert.deepEqual(alphas(heatColors(maps([-1, NaN, 2], 1), null)), [0, 0, 190]);
});

test("probabilities are drawn on a scale of their own", () => {
  assert.deepEqual(alphas(heatColors(maps([0, 0.5, 1.5], 1, 1), null)), [0, 95, 190]);
});

test("a map that is not there is refused", () => {
  assert.throws(() => heatColors(maps([1, 2], 2), 2), /`selected` must be a map, 0 to 1/);
});
