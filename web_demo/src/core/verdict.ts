/** What is said of a face; `"unsure"` while too few frames of a live picture were seen. */
export type Verdict = "fake" | "real" | "unsure";

/** What is called fake, from which calibrated probability on. */
export interface Thresholds {
  readonly threshold: number;
}

/** Returns the verdict of a calibrated probability. */
export function verdictOf(probability: number, { threshold }: Thresholds): Verdict {
  return probability >= threshold ? "fake" : "real";
}
