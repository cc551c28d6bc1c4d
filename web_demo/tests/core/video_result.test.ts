import assert from "node:assert/strict";
import test from "node:test";

import type { ScoredFace } from "../../src/core/scored_face.ts";
import { frameProbability, summarize } from "../../src/core/video_result.ts";

const frame = (seconds: number, ...probabilities: number[]) => ({
  seconds,
  faces: probabilities.map((probability) => ({ probability }) as ScoredFace),
});

test("a frame is as fake as its highest face, a video the mean over its frames", () => {
  const frames = [frame(0, 0.2, 0.9), frame(1), frame(2, 0.3)];
  assert.deepEqual(frames.map(frameProbability), [0.9, null, 0.3]);
  const result = summarize(frames, 0.5);
  assert.ok(Math.abs(result.probability! - 0.6) < 1e-12);
  assert.equal(result.framesWithFace, 2);
  assert.equal(result.heaviest, 0);
});

test("of a video below the threshold the lowest frame weighs most", () => {
  assert.equal(summarize([frame(0, 0.4), frame(1, 0.1), frame(2, 0.6)], 0.5).heaviest, 1);
});

test("without a face there is no score", () => {
  const result = summarize([frame(0), frame(1)], 0.5);
  assert.deepEqual([result.probability, result.heaviest, result.framesWithFace], [null, null, 0]);
});
