/**
 * What is said of a face. `"unsure"` while too few frames of a live picture were seen; `"real"` by
 * models that have one threshold, `"uncertain"` and `"no trace found"` by those that have two.
 */
export type Verdict = "fake" | "uncertain" | "no trace found" | "real" | "unsure";

/** Where the words of a model begin and end. */
export interface Thresholds {
  /** Fake from here on. */
  readonly threshold: number;
  /** Below it no trace was found; null: everything below `threshold` is called real. */
  readonly clearThreshold: number | null;
}

/** Puts a calibrated probability into words, as `verdict_of` in `inference/calibration.py`. */
export function verdictOf(probability: number, { threshold, clearThreshold }: Thresholds): Verdict {
  if (probability >= threshold) return "fake";
  if (clearThreshold === null) return "real";
  return probability < clearThreshold ? "no trace found" : "uncertain";
}
