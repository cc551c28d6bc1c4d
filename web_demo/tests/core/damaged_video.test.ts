/** Videos that are damaged or stand still from some time on, or are stopped before any frame. */
import assert from "node:assert/strict";
import test, { type TestContext, after, before } from "node:test";

import type { FaceModelChoice } from "../../src/core/face_model_choice.ts";
import { MediaError } from "../../src/media/picture.ts";
import { scoreVideo } from "../../src/media/score_video.ts";
import { VideoFile } from "../../src/media/video_frames.ts";
import type { Detector } from "../../src/runtime/detector.ts";

const DURATION = 10;
const FRAMES = 64;
const PROBABILITY = 0.75;

/** Plays as browsers do: after an error in the data nothing happens until it loads anew. */
class DamagedVideo extends EventTarget {
  readonly videoWidth = 64;
  readonly videoHeight = 64;
  readonly duration = DURATION;
  error: object | null = null;
  private seconds = 0;

  /** @param stuck whether nothing at all comes from there on, not even an error. */
  constructor(
    private readonly damagedFrom: number,
    private readonly stuck = false,
  ) {
    super();
  }

  set src(_: string) {
    this.load();
  }

  load(): void {
    this.error = null;
    this.seconds = 0;
    setTimeout(() => this.dispatchEvent(new Event("loadeddata")));
  }

  removeAttribute(): void {}

  get currentTime(): number {
    return this.seconds;
  }

  set currentTime(seconds: number) {
    this.seconds = seconds;
    if (this.error || (this.stuck && seconds >= this.damagedFrom)) return;
    setTimeout(() => {
      if (seconds >= this.damagedFrom) this.error = { code: 3 };
      this.dispatchEvent(new Event(this.error ? "error" : "seeked"));
    });
  }
}

const open = (element: DamagedVideo) => VideoFile.open(new Blob(), element as never);

/** Finds one face in every picture, and calls it fake. */
function detectorOf(detector: "auto" | "short", onFind = () => {}): Detector {
  return {
    description: { detector, threshold: 0.5 },
    findFaces: (_: unknown, choice: FaceModelChoice) => {
      onFind();
      choice.update("short");
      return Promise.resolve([{ box: { x: 1, y: 1, width: 20, height: 20 }, score: 0.9 }]);
    },
    scoreFaces: (_: unknown, faces: object[]) =>
      Promise.resolve(faces.map((face) => ({ ...face, probability: PROBABILITY }))),
  } as never;
}

const isSlow = (error: unknown) => error instanceof MediaError && error.key === "videoSlow";
const page: { createElement?: () => object; hidden: boolean } = { hidden: false };

/** Lets seconds go by until something is done, each of them in a moment. */
async function hurry(t: TestContext, work: Promise<unknown>): Promise<void> {
  let done = false;
  const end = () => void (done = true);
  work.then(end, end);
  while (!done) {
    t.mock.timers.tick(1000);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

before(() => {
  const canvas = { getContext: () => ({ drawImage: () => undefined }) };
  page.createElement = () => canvas;
  Object.assign(globalThis, { document: page });
});
after(() => {
  delete (globalThis as { document?: unknown }).document;
});

for (const kind of ["auto", "short"] as const) {
  test(`what came before the damage is scored, and can be shown: ${kind}`, async () => {
    const video = await open(new DamagedVideo(8));
    const { signal } = new AbortController();
    const result = await scoreVideo(detectorOf(kind), video, FRAMES, signal, () => undefined);
    assert.equal(result.frames.length, 51);
    assert.equal(result.damagedFrom, video.times(FRAMES)[51]);
    assert.equal(result.probability, PROBABILITY);
    await video.frameAt(result.frames[result.heaviest!].seconds);
    await assert.rejects(video.frameAt(9), MediaError);
    await video.frameAt(2);
  });
}

test("an element that has failed is not waited for", async () => {
  const element = new DamagedVideo(8);
  const video = await open(element);
  element.load = () => void (element.error = { code: 3 });
  element.error = { code: 3 };
  const started = performance.now();
  await assert.rejects(video.frameAt(1), MediaError);
  assert.ok(performance.now() - started < 5000);
});

test("a video that is damaged from its start is refused", async () => {
  const video = await open(new DamagedVideo(0));
  const { signal } = new AbortController();
  const scored = scoreVideo(detectorOf("auto"), video, FRAMES, signal, () => undefined);
  await assert.rejects(scored, MediaError);
});

test("stopped while the face model is chosen: no frames, and no error", async () => {
  const video = await open(new DamagedVideo(DURATION));
  const abort = new AbortController();
  const detector = detectorOf("auto", () => abort.abort());
  const result = await scoreVideo(detector, video, FRAMES, abort.signal, () => undefined);
  assert.deepEqual([result.frames.length, result.damagedFrom], [0, null]);
});

test("a video that stands still is not called damaged; what came before is scored", async (t) => {
  t.mock.timers.enable({ apis: ["setInterval"] });
  const video = await open(new DamagedVideo(8, true));
  const { signal } = new AbortController();
  const scoring = scoreVideo(detectorOf("short"), video, FRAMES, signal, () => undefined);
  await hurry(t, scoring);
  const { frames, damagedFrom, slowFrom } = await scoring;
  assert.deepEqual([frames.length, damagedFrom, slowFrom], [51, null, video.times(FRAMES)[51]]);
});

test("a video is not waited for while nobody sees the page", async (t) => {
  t.mock.timers.enable({ apis: ["setInterval"] });
  const video = await open(new DamagedVideo(0, true));
  page.hidden = true;
  let ended = false;
  const shown = video.frameAt(1).finally(() => (ended = true));
  shown.catch(() => undefined);
  t.mock.timers.tick(100_000);
  await new Promise(setImmediate);
  page.hidden = false;
  assert.equal(ended, false);
  await hurry(t, shown);
  await assert.rejects(shown, isSlow);
});
