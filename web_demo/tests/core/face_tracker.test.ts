import assert from "node:assert/strict";
import test from "node:test";

import { FaceTracker } from "../../src/core/face_tracker.ts";
import { boxOf, golden } from "./golden.ts";

interface Case {
  name: string;
  min_iou: number;
  max_missed: number;
  updates: { boxes: number[][]; tracks: number[] }[];
}

for (const each of golden<Case[]>("tracks.json")) {
  test(`golden vectors: ${each.name}`, () => {
    const tracker = new FaceTracker(each.min_iou, each.max_missed);
    for (const { boxes, tracks } of each.updates) {
      assert.deepEqual(tracker.update(boxes.map(boxOf)), tracks);
    }
  });
}

test("settings that do not fit are refused", () => {
  assert.throws(() => new FaceTracker(0), /`minIou`/);
  assert.throws(() => new FaceTracker(0.3, -1), /`maxMissed`/);
});
