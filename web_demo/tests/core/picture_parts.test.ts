import assert from "node:assert/strict";
import test from "node:test";

import { areOneFace, hasSmallFaces, partsOf } from "../../src/core/picture_parts.ts";
import { boxOf, golden } from "./golden.ts";

interface Vectors {
  parts: { size: [width: number, height: number]; parts: number[][] }[];
  small_faces: { size: [width: number, height: number]; boxes: number[][]; small: boolean }[];
  one_face: { boxes: [number[], number[]]; one: boolean }[];
}

const { parts, small_faces, one_face } = golden<Vectors>("picture_parts.json");

test("golden vectors: the parts of a picture", () => {
  assert.ok(parts.length >= 6);
  for (const { size, parts: wanted } of parts) {
    assert.deepEqual(partsOf(...size), wanted.map(boxOf));
  }
});

test("golden vectors: whether it is searched in parts", () => {
  assert.ok(small_faces.length >= 6);
  for (const { size, boxes, small } of small_faces) {
    assert.equal(hasSmallFaces(...size, boxes.map(boxOf)), small);
  }
});

test("golden vectors: whether two boxes are of one face", () => {
  assert.ok(one_face.length >= 6);
  for (const { boxes, one } of one_face) {
    assert.equal(areOneFace(boxOf(boxes[0]), boxOf(boxes[1])), one);
  }
});
