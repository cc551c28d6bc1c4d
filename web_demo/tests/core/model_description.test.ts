import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import test from "node:test";

import { parseDescription } from "../../src/core/model_description.ts";
import { REPOSITORY } from "./golden.ts";

// What the exporter wrote for the phone.
const ASSETS = path.join(REPOSITORY, "android_demo", "app", "src", "main", "assets");
const VALUES = JSON.parse(readFileSync(path.join(ASSETS, "model.json"), "utf8")) as object;

const parse = (changes: object) => parseDescription(JSON.stringify({ ...VALUES, ...changes }));

test("reads what Python wrote", () => {
  const description = parse({});
  assert.equal(description.inputSize, 128);
  assert.equal(description.numAttentionMaps, 4);
  assert.equal(description.demonstration, true);
  assert.equal(description.cropMargin, 1.3);
  assert.deepEqual([description.inputName, description.inputType], ["image", "float32"]);
});

test("a model without maps", () => {
  const changes = { num_attention_maps: 0, output_names: ["fake_probability"] };
  assert.equal(parse(changes).numAttentionMaps, 0);
});

test("two thresholds are three words", () => {
  assert.equal(parse({}).clearThreshold, null);
  assert.equal(parse({ schema_version: 3, clear_threshold: 0.2 }).clearThreshold, 0.2);
});

const WRONG: [object, RegExp][] = [
  [{ schema_version: 1 }, /schema version 1; this page reads 2 and 3/],
  [{ clear_threshold: 0.2 }, /unknown keys: clear_threshold/],
  [{ schema_version: 3 }, /lacks clear_threshold/],
  [{ schema_version: 3, clear_threshold: 0.6 }, /`clear_threshold` must be at most `threshold`/],
  [{ surprise: 1 }, /unknown keys: surprise/],
  [{ threshold: undefined }, /lacks threshold/],
  [{ threshold: 1.5 }, /`threshold` must be a number from 0 to 1\. Received: threshold=1\.5/],
  [{ temperature: 0 }, /`temperature` must be a number above 0/],
  [{ temperature: "1" }, /Received: temperature="1"/],
  [{ input_size: [128, 96] }, /`input_size`.*cut out square/],
  [{ input_size: [0, 0] }, /`input_size`/],
  [{ batch: 4 }, /`batch` must be 1/],
  [{ format: "onnx" }, /`format` must be "litert"/],
  [{ sha256: "abc" }, /`sha256` must be 64/],
  [{ classes: ["real"] }, /`classes`/],
  [{ crop_margin: 10 }, /`crop_margin`/],
  [{ detector: "yolo" }, /`detector`/],
  [{ metrics: [] }, /`metrics` must be an object/],
  [{ color_order: "BGR" }, /`color_order`/],
  [{ pixel_range: [0, 1] }, /`pixel_range`/],
  [{ input_type: "int8" }, /`input_type`/],
  [{ output_names: ["attention_maps"] }, /`output_names`/],
  [{ num_attention_maps: 0 }, /where `num_attention_maps` is above 0/],
  [{ num_attention_maps: 1.5 }, /`num_attention_maps`/],
];
for (const [changes, message] of WRONG) {
  test(`refuses ${JSON.stringify(changes)}`, () => {
    assert.throws(() => parse(changes), message);
  });
}

test("refuses what is no JSON object", () => {
  assert.throws(() => parseDescription("{"), /cannot be read as JSON/);
  assert.throws(() => parseDescription("[]"), /must hold a JSON object/);
});
