/** A large picture in parts, for faces that are small in it: `keras_madd.faces.parts`. */
import type { Box } from "./box.ts";

const SIDE = 800;
const MOST_ALONG = 8;
const SMALL = 10;
/** Of many parts some have leaves or folds that look like a face: those are below it. */
export const LEAST_CONFIDENCE = 0.7;

/** Whether a picture may show faces that are small in it: it is large and its faces are not. */
export function hasSmallFaces(width: number, height: number, boxes: readonly Box[]): boolean {
  const longer = Math.max(width, height);
  return longer > SIDE && boxes.every((box) => SMALL * box.width < longer);
}

/** Squares that overlap by half, so that every small face lies whole in one of them. */
export function partsOf(width: number, height: number): Box[] {
  const side = Math.max(SIDE, Math.ceil(Math.max(width, height) / MOST_ALONG));
  const across = starts(width, side);
  return starts(height, side).flatMap((y) =>
    across.map((x) => ({ x, y, width: Math.min(side, width), height: Math.min(side, height) })),
  );
}

/** Whether two boxes are of one face, of which a part may have shown no more than half. */
export function areOneFace(box: Box, other: Box): boolean {
  return hasMiddle(box, other) || hasMiddle(other, box);
}

function hasMiddle(box: Box, other: Box): boolean {
  const twiceAcross = 2 * (other.x - box.x) + other.width;
  const twiceDown = 2 * (other.y - box.y) + other.height;
  return (
    twiceAcross >= 0 &&
    twiceAcross <= 2 * box.width &&
    twiceDown >= 0 &&
    twiceDown <= 2 * box.height
  );
}

function starts(length: number, side: number): number[] {
  if (length <= side) return [0];
  const last = Math.ceil((2 * (length - side)) / side);
  return Array.from({ length: last + 1 }, (_, index) =>
    Math.floor((index * (length - side)) / last),
  );
}
