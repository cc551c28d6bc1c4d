/**
 * From the network's probability to the one that is shown: the twin of
 * `keras_madd/inference/calibration.py`, where the arithmetic is written out.
 */
export const LEAST_PROBABILITY = 1e-7;

/**
 * Returns the log-odds of a probability, which is kept 1e-7 away from 0 and 1 first.
 *
 * @throws RangeError where it is not from 0 to 1.
 */
export function logOdds(probability: number): number {
  if (!(probability >= 0 && probability <= 1)) {
    throw new RangeError(
      `\`probability\` must be from 0 to 1. Received: probability=${probability}`,
    );
  }
  const kept = Math.min(Math.max(probability, LEAST_PROBABILITY), 1 - LEAST_PROBABILITY);
  return Math.log(kept / (1 - kept));
}

/** Returns the probability that has these log-odds. */
export function sigmoid(value: number): number {
  if (value >= 0) return 1 / (1 + Math.exp(-value));
  const exponential = Math.exp(value);
  return exponential / (1 + exponential);
}

/**
 * Applies a temperature, above 0, to a probability.
 *
 * @throws RangeError where either is out of its range.
 */
export function calibrate(probability: number, temperature: number): number {
  if (!(Number.isFinite(temperature) && temperature > 0)) {
    throw new RangeError(
      `\`temperature\` must be a number above 0. Received: temperature=${temperature}`,
    );
  }
  return sigmoid(logOdds(probability) / temperature);
}
