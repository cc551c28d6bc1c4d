import assert from "node:assert/strict";
import test from "node:test";

import { type FaceModel, FaceModelChoice } from "../../src/core/face_model_choice.ts";
import { golden } from "./golden.ts";

interface Case {
  name: string;
  max_missed: number | null;
  /** What each model would find: "b" both, "s" short alone, "f" full alone, "." none. */
  seen: string;
  found_by: (FaceModel | null)[];
}

/** Returns whose faces count in each picture. */
function follow(choice: FaceModelChoice, seen: string): (FaceModel | null)[] {
  return [...seen].map((each) => {
    const found = choice.models.find((model) => each === "b" || each === model[0]) ?? null;
    choice.update(found);
    return found;
  });
}

for (const each of golden<Case[]>("face_models.json")) {
  test(`golden vectors: ${each.name}`, () => {
    assert.deepEqual(follow(new FaceModelChoice(each.max_missed), each.seen), each.found_by);
  });
}

test("a video's choice is short where it found every face that was found", () => {
  for (const [seen, choice] of [
    ["bs.", "short"],
    ["bbf", "full"],
    ["...", "full"],
  ]) {
    const found = new FaceModelChoice(null);
    follow(found, seen);
    assert.equal(found.settle(), choice, seen);
    follow(found, ".".repeat(40));
    assert.deepEqual(found.models, [choice]);
  }
});

test("a setting that does not fit is refused", () => {
  assert.throws(() => new FaceModelChoice(-1), /`maxMissed` must not be negative/);
});
