import assert from "node:assert/strict";
import test from "node:test";

import { FaceCropper, cropSquare, insidePicture } from "../../src/core/crop.ts";
import { boxOf, golden, goldenPicture, rgbOf } from "./golden.ts";

interface Case {
  name: string;
  image: string;
  box: number[];
  margin: number;
  size: number;
  square: number[];
  expected: string;
}

const CASES = golden<Case[]>("crops/crops.json");

for (const each of CASES) {
  test(`bit-equal to the golden crop ${each.name}`, () => {
    const frame = goldenPicture(each.image);
    const square = cropSquare(boxOf(each.box), each.margin);
    assert.deepEqual([square.left, square.top, square.side], each.square);
    const cropper = new FaceCropper(each.size);
    const bytes = new Uint8Array(3 * each.size ** 2);
    const floats = new Float32Array(3 * each.size ** 2);
    cropper.crop(frame, square, bytes);
    cropper.crop(frame, square, floats);
    const expected = rgbOf(goldenPicture(each.expected));
    assert.deepEqual([...bytes], expected);
    assert.deepEqual([...floats], expected);
  });

  test(`the part inside the picture is enough for ${each.name}`, () => {
    const frame = goldenPicture(each.image);
    const square = cropSquare(boxOf(each.box), each.margin);
    const part = insidePicture(square, frame.width, frame.height)!;
    const data = new Uint8Array(4 * part.width * part.height);
    for (let y = 0; y < part.height; y++) {
      const start = 4 * ((part.y + y) * frame.width + part.x);
      data.set(frame.data.subarray(start, start + 4 * part.width), 4 * y * part.width);
    }
    const pixels = new Uint8Array(3 * each.size ** 2);
    const within = { ...square, left: square.left - part.x, top: square.top - part.y };
    new FaceCropper(each.size).crop({ ...part, data }, within, pixels);
    assert.deepEqual([...pixels], rgbOf(goldenPicture(each.expected)));
  });
}

test("one cropper gives the same for faces of all sizes, in any order", () => {
  const frame = goldenPicture("photo");
  const cropper = new FaceCropper(32);
  const boxes = [
    [8, 8, 64, 64],
    [30, 24, 21, 24],
    [-13, 20, 40, 40],
    [8, 8, 64, 64],
  ].map(boxOf);
  for (const box of boxes) {
    const [kept, fresh] = [new Uint8Array(3072), new Uint8Array(3072)];
    cropper.crop(frame, cropSquare(box, 1.3), kept);
    new FaceCropper(32).crop(frame, cropSquare(box, 1.3), fresh);
    assert.deepEqual(kept, fresh);
  }
});

test("white stays white where the sums exceed 32 bits", () => {
  const side = 1500;
  const frame = { data: new Uint8Array(4 * side * side).fill(255), width: side, height: side };
  const pixels = new Uint8Array(3 * 700 * 700);
  new FaceCropper(700).crop(frame, { left: 0, top: 0, side }, pixels);
  assert.ok(pixels.every((value) => value === 255));
});

test("what does not fit is refused", () => {
  const frame = goldenPicture("noise");
  const cropper = new FaceCropper(8);
  const pixels = new Uint8Array(192);
  assert.throws(() => cropSquare(boxOf([0, 0, 0, 4]), 1.3), /positive width/);
  assert.throws(() => cropSquare(boxOf([0, 0, 4, 4]), NaN), /`margin` must be a positive number/);
  assert.throws(() => cropSquare(boxOf([0, 0, 2 ** 20, 4]), 1.3), /at most 1048576/);
  assert.throws(() => new FaceCropper(2.5), /`size` must be a positive integer/);
  const square = { left: 64, top: 0, side: 5 };
  assert.equal(insidePicture(square, frame.width, frame.height), null);
  assert.throws(() => cropper.crop(frame, square, pixels), /must touch the 64x48 picture/);
  assert.throws(() => cropper.crop(frame, { ...square, left: 0 }, new Uint8Array(9)), /192 values/);
});
