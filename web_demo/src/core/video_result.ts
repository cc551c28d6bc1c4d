/** A video's score: the twin of `keras_madd/inference/video.py`. */
import type { ScoredFace } from "./scored_face.ts";

/** A frame and its faces. */
export interface ScoredFrame {
  readonly seconds: number;
  /** Largest first, each with its track. */
  readonly faces: readonly ScoredFace[];
}

/** What the model says of a video. */
export interface VideoResult {
  readonly frames: readonly ScoredFrame[];
  readonly framesWithFace: number;
  /** Mean over the frames with a face; null where there is none. */
  readonly probability: number | null;
  /** Index of the frame that pulls the mean most to the side it came out on; null without one. */
  readonly heaviest: number | null;
}

/** Returns the highest probability of a frame's faces, or null without a face. */
export function frameProbability(frame: ScoredFrame): number | null {
  return frame.faces.length ? Math.max(...frame.faces.map((face) => face.probability)) : null;
}

/**
 * Sums up a video: a frame is as fake as its highest face, the video the mean over its frames.
 *
 * @param frames in order.
 * @param threshold least probability that is called fake; of a video that reaches it the highest
 *   frame weighs most, of any other the lowest.
 */
export function summarize(frames: readonly ScoredFrame[], threshold: number): VideoResult {
  let sum = 0;
  const scores = frames.map(frameProbability);
  const scored = scores.flatMap((score, index) => (score === null ? [] : [{ score, index }]));
  for (const { score } of scored) sum += score;
  const probability = scored.length ? sum / scored.length : null;
  let heaviest: number | null = null;
  if (probability !== null) {
    const sign = probability >= threshold ? 1 : -1;
    const best = scored.reduce((a, b) => (sign * b.score > sign * a.score ? b : a));
    heaviest = best.index;
  }
  return { frames, framesWithFace: scored.length, probability, heaviest };
}
