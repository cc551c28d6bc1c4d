/**
 * From a face box to the network's pixels: the twin of `keras_madd.faces.crop_face`, equal to it
 * bit by bit. The arithmetic is written out in `keras_madd/faces/crop.py`.
 */
import type { Box, RgbaFrame } from "./box.ts";
import { ResizeWeights } from "./resize_weights.ts";

/** A longer side is no face. It keeps every sum a whole number in double precision. */
export const MAX_SIDE = 1 << 20;

/** The square of a picture that the model sees; `left` and `top` may be negative. */
export interface CropSquare {
  readonly left: number;
  readonly top: number;
  readonly side: number;
}

/**
 * Returns the square about a face's box.
 *
 * @param box the face in pixels.
 * @param margin the square's side over the box's longer side, from the model's description.
 * @throws RangeError where the box has no area, the margin is not a positive number, or the square
 *   is larger than `MAX_SIDE`.
 */
export function cropSquare(box: Box, margin: number): CropSquare {
  if (!(box.width > 0 && box.height > 0)) {
    const found = `(${box.x}, ${box.y}, ${box.width}, ${box.height})`;
    throw new RangeError(`\`box\` must have a positive width and height. Received: box=${found}`);
  }
  if (!(Number.isFinite(margin) && margin > 0)) {
    throw new RangeError(`\`margin\` must be a positive number. Received: margin=${margin}`);
  }
  const side = Math.max(1, Math.floor(margin * Math.max(box.width, box.height) + 0.5));
  if (side > MAX_SIDE) {
    throw new RangeError(
      `\`box\` with its margin must be at most ${MAX_SIDE} pixels. Received: side=${side}`,
    );
  }
  return {
    left: box.x + Math.floor((box.width - side) / 2),
    top: box.y + Math.floor((box.height - side) / 2),
    side,
  };
}

/** Returns the part of a square that lies inside a picture, or null where they share no pixel. */
export function insidePicture(square: CropSquare, width: number, height: number): Box | null {
  const x = Math.max(square.left, 0);
  const y = Math.max(square.top, 0);
  const right = Math.min(square.left + square.side, width);
  const bottom = Math.min(square.top + square.side, height);
  return x < right && y < bottom ? { x, y, width: right - x, height: bottom - y } : null;
}

/** Cuts squares out of pictures; tables and buffers are kept from one to the next. */
export class FaceCropper {
  private readonly weights: ResizeWeights;
  /** One row of the square, black outside the picture. */
  private row = new Uint8Array(0);
  /** Two rows of the square after resizing along the row, and which rows they are. */
  private readonly resized: [Int32Array, Int32Array];
  private readonly resizedIndex = new Int32Array(2);
  /** Weighted sums of one row of the result; whole numbers that may exceed 32 bits. */
  private readonly sums: Float64Array;

  /** @param size side of the result in pixels. */
  constructor(readonly size: number) {
    if (!(Number.isInteger(size) && size > 0)) {
      throw new RangeError(`\`size\` must be a positive integer. Received: size=${size}`);
    }
    this.weights = new ResizeWeights(size);
    this.resized = [new Int32Array(3 * size), new Int32Array(3 * size)];
    this.sums = new Float64Array(3 * size);
  }

  /**
   * Cuts a square out.
   *
   * @param frame the picture, or the part of it that `insidePicture` tells.
   * @param square in the pixels of `frame`; what lies outside of it becomes black.
   * @param into receives red, green, blue of each pixel, row by row: bytes or floats 0 to 255.
   * @throws RangeError where the square lies outside or `into` has another size.
   */
  crop(frame: RgbaFrame, square: CropSquare, into: Uint8Array | Float32Array): void {
    if (into.length !== 3 * this.size * this.size) {
      throw new RangeError(
        `\`into\` must have ${3 * this.size * this.size} values. Received: length=${into.length}`,
      );
    }
    if (!insidePicture(square, frame.width, frame.height)) {
      throw new RangeError(
        `\`square\` must touch the ${frame.width}x${frame.height} picture. ` +
          `Received: square=(${square.left}, ${square.top}, ${square.side})`,
      );
    }
    this.weights.prepare(square.side);
    if (this.row.length < 4 * square.side) this.row = new Uint8Array(4 * square.side);
    this.resizedIndex.fill(-1);
    for (let target = 0; target < this.size; target++) {
      this.addRows(frame, square, target);
      this.writeRow(target, into);
    }
  }

  /** Sums the rows of the square that a row of the result is made of. */
  private addRows(frame: RgbaFrame, square: CropSquare, target: number): void {
    const { first, last } = this.weights;
    this.sums.fill(0);
    for (let index = first[target]; index <= last[target]; index++) {
      const y = square.top + index;
      if (y < 0 || y >= frame.height) continue;
      const weight = this.weights.of(target, index);
      const values = this.resizedRow(frame, square, index);
      for (let k = 0; k < values.length; k++) this.sums[k] += weight * values[k];
    }
  }

  /** Returns a row of the square, resized; two rows are kept since neighbours share them. */
  private resizedRow(frame: RgbaFrame, square: CropSquare, index: number): Int32Array {
    const slot = index & 1;
    const into = this.resized[slot];
    if (this.resizedIndex[slot] !== index) {
      const start = Math.max(square.left, 0);
      const end = Math.min(square.left + square.side, frame.width);
      const source = 4 * (square.top + index) * frame.width;
      this.row.fill(0, 0, 4 * (start - square.left));
      this.row.set(
        frame.data.subarray(source + 4 * start, source + 4 * end),
        4 * (start - square.left),
      );
      this.row.fill(0, 4 * (end - square.left), 4 * square.side);
      this.weights.resize(this.row, into);
      this.resizedIndex[slot] = index;
    }
    return into;
  }

  /** Rounds the sums half up: floor(n / d), where the half keeps it clear of whole numbers. */
  private writeRow(target: number, into: Uint8Array | Float32Array): void {
    const square = this.weights.unit * this.weights.unit;
    const reciprocal = 1 / (2 * square);
    const half = square + 0.5;
    const start = 3 * target * this.size;
    for (let k = 0; k < this.sums.length; k++) {
      into[start + k] = Math.floor((2 * this.sums[k] + half) * reciprocal);
    }
  }
}
