import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import test from "node:test";

import { DescriptionError, parseDescription } from "../../src/core/model_description.ts";
import { REPOSITORY, golden } from "./golden.ts";

interface Golden {
  valid: Record<string, unknown>;
  good: { name: string; changes: object; python_only?: boolean }[];
  bad: { name: string; changes: object; wrong: string }[];
  not_json: { name: string; text: string }[];
}

const { valid, good, bad, not_json: notJson } = golden<Golden>("model_descriptions.json");
const parse = (changes: object) => parseDescription(JSON.stringify({ ...valid, ...changes }));

test("reads what the exporter wrote", () => {
  const assets = path.join(REPOSITORY, "tests", "golden", "demonstration");
  const text = readFileSync(path.join(assets, "model.json"), "utf8");
  const { sha256, ...rest } = parseDescription(text);
  assert.equal(sha256.length, 64);
  assert.deepEqual(rest, {
    quantization: "float16",
    inputSize: 128,
    numAttentionMaps: 4,
    mapsOutput: "attention_maps",
    marksBlending: false,
    cropMargin: 1.3,
    detector: "auto",
    trainingData: "keras-madd quickstart: faces generated from one portrait; a demonstration",
    demonstration: true,
    temperature: 1,
    threshold: 0.5,
    clearThreshold: null,
    inputName: "image",
    inputType: "float32",
  });
});

test("maps of blending have a name of their own", () => {
  const found = parse({ output_names: ["blend_maps", "fake_probability"] });
  assert.equal(found.mapsOutput, "blend_maps");
  assert.ok(found.marksBlending);
});

for (const each of good) {
  if (each.python_only) {
    test(`the page says that it cannot run: ${each.name}`, () => {
      assert.throws(() => parse(each.changes), /`(format|batch|input_size)` must be/);
    });
  } else {
    test(`takes: ${each.name}`, () => {
      const found = parse(each.changes);
      const clear = (each.changes as { clear_threshold?: number }).clear_threshold ?? null;
      assert.equal(found.clearThreshold, clear);
    });
  }
}

for (const each of bad) {
  test(`refuses: ${each.name}`, () => {
    assert.throws(
      () => parse(each.changes),
      (error: Error) => {
        assert.ok(error instanceof DescriptionError);
        assert.ok(error.message.includes(each.wrong), error.message);
        assert.ok(error.message.length < 400);

        assert.doesNotMatch(error.message, /[\x00-\x1f\x7f]/);
        return true;
      },
    );
  });
}

for (const each of notJson) {
  test(`refuses a text: ${each.name}`, () => {
    assert.throws(() => parseDescription(each.text), DescriptionError);
  });
}

for (const text of ["[".repeat(200_000), '{"a":'.repeat(200_000), " ".repeat(2 << 20)]) {
  test(`refuses what is meant to exhaust: ${text.slice(0, 5)}...`, () => {
    assert.throws(() => parseDescription(text), DescriptionError);
  });
}

for (const key of Object.keys(valid)) {
  test(`names a missing key: ${key}`, () => {
    assert.throws(() => parse({ [key]: undefined }), new RegExp(key));
  });
}
