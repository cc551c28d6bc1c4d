/** Scores a camera's pictures as they come: the twin of `keras_madd/inference/live.py`. */
import { FaceModelChoice } from "../core/face_model_choice.ts";
import { FaceTracker } from "../core/face_tracker.ts";
import type { ScoredFace } from "../core/scored_face.ts";
import { ScoreSmoother } from "../core/smoothing.ts";
import type { Detector } from "../runtime/detector.ts";

/** The frame rate is that of so many pictures. */
const RATE_WINDOW = 30;

/** A scored picture of the camera. */
export interface LiveFrame {
  readonly index: number;
  /** Largest first, each with its track, smoothed score and verdict. */
  readonly faces: readonly ScoredFace[];
  /** The picture; the next frame overwrites it. */
  readonly picture: HTMLCanvasElement;
  /** Milliseconds of reading, finding faces, and scoring them. */
  readonly timings: { readonly read: number; readonly detect: number; readonly score: number };
  /** Pictures scored per second of late, or null at first. */
  readonly framesPerSecond: number | null;
}

/** Scores the newest picture, and when that is done the newest one then; others are passed over. */
export class LiveScorer {
  private readonly tracker = new FaceTracker();
  private readonly choice = new FaceModelChoice();
  private readonly smoother: ScoreSmoother;
  private readonly canvas = document.createElement("canvas");
  private readonly times: number[] = [];
  private stopped = false;
  private scoring: Promise<unknown> = Promise.resolve();
  private index = 0;

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
    await this.scoring.catch(() => undefined);
  }

  private async work(): Promise<void> {
    try {
      for (;;) {
        await newPicture(this.video);
        if (this.stopped) return;
        const scoring = this.score();
        this.scoring = scoring;
        const frame = await scoring;
        if (this.stopped) return;
        this.onFrame(frame);
      }
    } catch (error) {
      if (!this.stopped) this.onError(error as Error);
    }
  }

  private async score(): Promise<LiveFrame> {
    const started = performance.now();
    const picture = this.read();
    const read = performance.now();
    const found = await this.detector.findFaces(picture, this.choice);
    const tracks = this.tracker.update(found.map((face) => face.box));
    const detected = performance.now();
    const scored = await this.detector.scoreFaces(picture, found);
    const faces = scored.map((face, k) => {
      const { probability, verdict } = this.smoother.update(tracks[k], face.probability);
      return { ...face, track: tracks[k], smoothed: probability, verdict };
    });
    const now = performance.now();
    this.times.push(now);
    if (this.times.length > RATE_WINDOW + 1) this.times.shift();
    return {
      index: this.index++,
      faces,
      picture,
      timings: { read: read - started, detect: detected - read, score: now - detected },
      framesPerSecond: this.rate(),
    };
  }

  private read(): HTMLCanvasElement {
    const { videoWidth, videoHeight } = this.video;
    // Setting a size clears the canvas and allocates it anew: only where the camera turned.
    if (this.canvas.width !== videoWidth) this.canvas.width = videoWidth;
    if (this.canvas.height !== videoHeight) this.canvas.height = videoHeight;
    this.canvas.getContext("2d", { willReadFrequently: true })!.drawImage(this.video, 0, 0);
    return this.canvas;
  }

  private rate(): number | null {
    const { times } = this;
    if (times.length < 3) return null;
    return (1000 * (times.length - 1)) / (times[times.length - 1] - times[0]);
  }
}

/** Resolves when the video shows a picture that was not shown before. */
function newPicture(video: HTMLVideoElement): Promise<void> {
  return new Promise((resolve) => {
    if ("requestVideoFrameCallback" in video) video.requestVideoFrameCallback(() => resolve());
    else requestAnimationFrame(() => resolve());
  });
}
