/** Scores a camera's pictures as they come: the twin of `keras_madd/inference/live.py`. */
import { FaceModelChoice } from "../core/face_model_choice.ts";
import { FaceTracker } from "../core/face_tracker.ts";
import type { ScoredFace } from "../core/scored_face.ts";
import { ScoreSmoother } from "../core/smoothing.ts";
import { breath } from "../runtime/breath.ts";
import type { Detector } from "../runtime/detector.ts";
import type { Face } from "../runtime/face_detector.ts";

/** The frame rate is that of so many pictures. */
const RATE_WINDOW = 30;

/** A scored picture of the camera. */
export interface LiveFrame {
  readonly index: number;
  /** Largest first, each with its track, smoothed score and verdict. */
  readonly faces: readonly ScoredFace[];
  /** The picture; a later frame overwrites it. */
  readonly picture: HTMLCanvasElement;
  /**
   * Milliseconds of reading, finding faces, and scoring them; the last holds the wait until the
   * picture before it is scored. Their sum is how old the picture is.
   */
  readonly timings: { readonly read: number; readonly detect: number; readonly score: number };
  /** Pictures scored per second of late, or null at first. */
  readonly framesPerSecond: number | null;
}

/** One picture is on the screen, one is scored, one is read. */
const PICTURES = 3;

/**
 * Scores the newest picture, and when that is done the newest one then; others are passed over.
 * While a worker scores a picture, the faces of the next one are found.
 */
export class LiveScorer {
  private readonly tracker = new FaceTracker();
  private readonly choice = new FaceModelChoice();
  private readonly smoother: ScoreSmoother;
  private readonly canvases = Array.from({ length: PICTURES }, () =>
    document.createElement("canvas"),
  );
  private readonly times: number[] = [];
  private stopped = false;
  private finding: Promise<void> = Promise.resolve();
  private scoring: Promise<void> = Promise.resolve();
  private index = 0;
  /** Pictures that the camera had given when the last one was read. */
  private lastSeen = 0;

  /**
   * @param video plays the camera.
   * @param onFrame is called after each frame.
   * @param onError is called once where scoring fails; it ends the work.
   */
  constructor(
    private readonly detector: Detector,
    private readonly video: HTMLVideoElement,
    private readonly onFrame: (frame: LiveFrame) => void,
    private readonly onError: (error: Error) => void,
  ) {
    this.smoother = ScoreSmoother.forThresholds(detector.description);
    void this.work();
  }

  /** Ends the work; resolves when the detector is free. No frame is shown any more. */
  async stop(): Promise<void> {
    this.stopped = true;
    await Promise.all([this.finding, this.scoring]);
  }

  private async work(): Promise<void> {
    while (!this.stopped) {
      // One that came meanwhile need not wait for the screen's next turn.
      await (this.lastSeen === pictureCount(this.video) ? newPicture(this.video) : breath());
      if (this.stopped) return;
      await (this.finding = this.find().catch((error: unknown) => this.fail(error)));
    }
  }

  private fail(error: unknown): void {
    if (!this.stopped) this.onError(error as Error);
    this.stopped = true;
  }

  /** Reads a picture and finds its faces; returns when the picture before it is scored. */
  private async find(): Promise<void> {
    const started = performance.now();
    const picture = this.read();
    const read = performance.now();
    const faces = await this.detector.findFaces(picture, this.choice);
    const tracks = this.tracker.update(faces.map((face) => face.box));
    if (this.stopped) return;
    const timings = { read: read - started, detect: performance.now() - read };
    const before = this.scoring;
    // The worker goes on from one picture to the next without waiting for the page.
    this.scoring = this.score(picture, faces, tracks, timings, before).catch((error: unknown) =>
      this.fail(error),
    );
    await before;
  }

  private async score(
    picture: HTMLCanvasElement,
    found: readonly Face[],
    tracks: readonly number[],
    timings: Omit<LiveFrame["timings"], "score">,
    before: Promise<void>,
  ): Promise<void> {
    const started = performance.now();
    const scored = await this.detector.scoreFaces(picture, found);
    await before; // A picture without faces needs no worker and would overtake the one before.
    if (this.stopped) return;
    const faces = scored.map((face, k) => {
      const { probability, verdict } = this.smoother.update(tracks[k], face.probability);
      return { ...face, track: tracks[k], smoothed: probability, verdict };
    });
    const now = performance.now();
    this.times.push(now);
    if (this.times.length > RATE_WINDOW + 1) this.times.shift();
    this.onFrame({
      index: this.index++,
      faces,
      picture,
      timings: { ...timings, score: now - started },
      framesPerSecond: this.rate(),
    });
  }

  private read(): HTMLCanvasElement {
    this.lastSeen = pictureCount(this.video);
    const canvas = this.canvases.shift()!;
    this.canvases.push(canvas);
    const { videoWidth, videoHeight } = this.video;
    // Setting a size clears the canvas and allocates it anew: only where the camera turned.
    if (canvas.width !== videoWidth) canvas.width = videoWidth;
    if (canvas.height !== videoHeight) canvas.height = videoHeight;
    canvas.getContext("2d", { willReadFrequently: true })!.drawImage(this.video, 0, 0);
    return canvas;
  }

  private rate(): number | null {
    const { times } = this;
    if (times.length < 3) return null;
    return (1000 * (times.length - 1)) / (times[times.length - 1] - times[0]);
  }
}

/** Returns how many pictures the video has shown, or that it will show, so far. */
function pictureCount(video: HTMLVideoElement): number {
  return video.getVideoPlaybackQuality().totalVideoFrames;
}

/** Resolves when the video shows the next picture, with the next picture of the screen. */
function newPicture(video: HTMLVideoElement): Promise<void> {
  return new Promise((resolve) => {
    if ("requestVideoFrameCallback" in video) video.requestVideoFrameCallback(() => resolve());
    else requestAnimationFrame(() => resolve());
  });
}
