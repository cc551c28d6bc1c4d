import type { AttentionMaps } from "./attention_heat.ts";
import type { Box } from "./box.ts";
import type { CropSquare } from "./crop.ts";
import type { Verdict } from "./verdict.ts";

/** A face and what the model says of it. */
export interface ScoredFace {
  /** As the face detector found it. */
  readonly box: Box;
  /** What the model saw. */
  readonly square: CropSquare;
  /** The face detector's confidence, 0 to 1. */
  readonly detectionScore: number;
  /** Of being fake, calibrated, 0 to 1. */
  readonly probability: number;
  readonly verdict: Verdict;
  /** Over `square`; null where the model has none. */
  readonly maps: AttentionMaps | null;
  /** Number of the person in a video. */
  readonly track?: number;
  /** Smoothed probability in a live picture. */
  readonly smoothed?: number;
}
