/** Scores a video file: the twin of `keras_madd/inference/video.py`. */
import { FaceModelChoice } from "../core/face_model_choice.ts";
import { FaceTracker, LEAST_OVERLAP } from "../core/face_tracker.ts";
import { type ScoredFrame, type VideoResult, summarize } from "../core/video_result.ts";
import type { Detector } from "../runtime/detector.ts";
import { MediaError } from "./picture.ts";
import type { VideoFile } from "./video_frames.ts";

/** Frames, spread over the video, on which a face model is chosen. */
const CHOSEN_ON = 8;

/** What came of a video. */
export interface ScoredVideo extends VideoResult {
  /** Whether the user ended the work. */
  readonly stopped: boolean;
  /** From when on the file is damaged, in seconds, or null. */
  readonly damagedFrom: number | null;
  /** From when on the browser took too long to show it, in seconds, or null. */
  readonly slowFrom: number | null;
}

/**
 * Scores frames spread evenly over a video, none of them twice; of each its largest face, as the
 * desktop does.
 *
 * @param count number of frames; a video may have fewer.
 * @param signal ends the work early; the frames so far count.
 * @param onFrame is called after each frame with its picture, which the next one overwrites.
 */
export async function scoreVideo(
  detector: Detector,
  video: VideoFile,
  count: number,
  signal: AbortSignal,
  onFrame: (frame: ScoredFrame, picture: HTMLCanvasElement) => void,
): Promise<ScoredVideo> {
  const choice = await chooseFaceModel(detector, video, Math.min(CHOSEN_ON, count), signal);
  const tracker = new FaceTracker(LEAST_OVERLAP, count);
  const frames: ScoredFrame[] = [];
  let stopped = false;
  let last: number | null = null;
  let damagedFrom: number | null = null;
  let slowFrom: number | null = null;
  for (const seconds of video.times(count)) {
    if (signal.aborted) {
      stopped = true;
      break;
    }
    let picture: HTMLCanvasElement;
    try {
      picture = await video.frameAt(seconds);
    } catch (error) {
      if (!(error instanceof MediaError) || !frames.length) throw error;
      if (error.key === "videoSlow") slowFrom = seconds;
      else damagedFrom = seconds;
      break;
    }
    // There are fewer pictures than times, or sound that goes on after the last one.
    if (video.begins !== null && video.begins === last) continue;
    last = video.begins;
    const faces = await detector.findFaces(picture, choice);
    // All faces are followed, so that a person who is not scored keeps the number.
    const tracks = tracker.update(faces.map((face) => face.box));
    const scored = await detector.scoreFaces(picture, faces.slice(0, 1));
    const frame = { seconds, faces: scored.map((face, k) => ({ ...face, track: tracks[k] })) };
    frames.push(frame);
    onFrame(frame, picture);
  }
  return { ...summarize(frames, detector.description.threshold), stopped, damagedFrom, slowFrom };
}

/** Two face models that take turns would make scores jump with their boxes. */
async function chooseFaceModel(
  detector: Detector,
  video: VideoFile,
  count: number,
  signal: AbortSignal,
): Promise<FaceModelChoice> {
  const choice = new FaceModelChoice(null);
  if (detector.description.detector === "auto") {
    for (const seconds of video.times(count)) {
      if (signal.aborted || choice.isFull) break;
      try {
        await detector.findFaces(await video.frameAt(seconds), choice);
      } catch (error) {
        if (error instanceof MediaError) break; // It is told when the frame is to be scored.
        throw error;
      }
    }
    choice.settle();
  }
  return choice;
}
