import type { Box } from "./box.ts";

export const MIN_IOU = 0.3;
export const MAX_MISSED = 15;
/** Of one person's boxes where frames lie far apart: moved by up to four fifths of the width. */
export const LEAST_OVERLAP = 0.1;

/**
 * Follows faces from frame to frame by the overlap of their boxes: the twin of
 * `keras_madd.faces.FaceTracker`, which says how.
 */
export class FaceTracker {
  private readonly boxes = new Map<number, Box>();
  private readonly missed = new Map<number, number>();
  private next = 0;

  /**
   * @param minIou least overlap of one person's boxes in successive frames, above 0, at most 1.
   * @param maxMissed number of updates that a track survives unseen.
   */
  constructor(
    private readonly minIou = MIN_IOU,
    private readonly maxMissed = MAX_MISSED,
  ) {
    if (!(minIou > 0 && minIou <= 1)) {
      throw new RangeError(`\`minIou\` must be above 0 and at most 1. Received: minIou=${minIou}`);
    }
    if (!(maxMissed >= 0)) {
      throw new RangeError(`\`maxMissed\` must not be negative. Received: maxMissed=${maxMissed}`);
    }
  }

  /** Takes the boxes of the next frame; returns the track of each: 0, 1, ... in order of birth. */
  update(boxes: readonly Box[]): number[] {
    const found = this.match(boxes);
    boxes.forEach((_, index) => {
      if (!found.has(index)) found.set(index, this.next++);
    });
    for (const [track, missed] of this.missed) this.missed.set(track, missed + 1);
    for (const [index, track] of found) {
      this.boxes.set(track, boxes[index]);
      this.missed.set(track, 0);
    }
    for (const [track, missed] of this.missed) {
      if (missed > this.maxMissed) {
        this.boxes.delete(track);
        this.missed.delete(track);
      }
    }
    return boxes.map((_, index) => found.get(index) as number);
  }

  private match(boxes: readonly Box[]): Map<number, number> {
    const pairs: { overlap: number; track: number; index: number }[] = [];
    for (const [track, last] of this.boxes) {
      boxes.forEach((box, index) => {
        const overlap = intersectionOverUnion(last, box);
        if (overlap >= this.minIou) pairs.push({ overlap, track, index });
      });
    }
    pairs.sort((a, b) => b.overlap - a.overlap || a.track - b.track || a.index - b.index);
    const found = new Map<number, number>();
    const taken = new Set<number>();
    for (const { track, index } of pairs) {
      if (taken.has(track) || found.has(index)) continue;
      found.set(index, track);
      taken.add(track);
    }
    return found;
  }
}

/** Overlap of two boxes: 0 where apart, 1 where equal. */
export function intersectionOverUnion(first: Box, second: Box): number {
  const width =
    Math.min(first.x + first.width, second.x + second.width) - Math.max(first.x, second.x);
  const height =
    Math.min(first.y + first.height, second.y + second.height) - Math.max(first.y, second.y);
  if (width <= 0 || height <= 0) return 0;
  const common = width * height;
  return common / (first.width * first.height + second.width * second.height - common);
}
