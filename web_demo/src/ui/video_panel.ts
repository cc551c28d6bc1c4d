/** A scored video: its timeline, and the frame that is shown. */
import { type ScoredFrame, frameProbability } from "../core/video_result.ts";
import type { Thresholds } from "../core/verdict.ts";
import type { ScoredVideo } from "../media/score_video.ts";
import type { VideoFile } from "../media/video_frames.ts";
import { element } from "./elements.ts";
import type { Stage } from "./stage.ts";
import { type Speaker, percent, time } from "./strings.ts";
import { drawTimeline, frameAtPlace } from "./timeline.ts";

/** Shows the scores of a video over time and moves between its frames. */
export class VideoPanel {
  private readonly canvas = element("timeline");
  private readonly slider = element("frame");
  private readonly heaviest = element("heaviest");
  private readonly listeners = new AbortController();
  private frames: readonly ScoredFrame[] = [];
  private heaviestIndex: number | null = null;
  private shown: number | null = null;
  private wanted: number | null = null;
  private moving = false;

  constructor(
    private speaker: Speaker,
    private readonly stage: Stage,
    private readonly video: VideoFile,
    private readonly thresholds: Thresholds,
  ) {
    const { signal } = this.listeners;
    this.slider.disabled = this.heaviest.hidden = true;
    this.slider.addEventListener("input", () => this.move(Number(this.slider.value)), { signal });
    this.heaviest.addEventListener("click", () => this.move(this.heaviestIndex!), { signal });
    this.canvas.addEventListener(
      "click",
      (event) => {
        if (this.slider.disabled) return;
        this.move(frameAtPlace(this.canvas, event.offsetX, this.frames, video.duration));
      },
      { signal },
    );
    const observer = new ResizeObserver(() => this.draw());
    observer.observe(this.canvas);
    signal.addEventListener("abort", () => observer.disconnect());
    element("timeline-section").hidden = false;
  }

  /** Shows what is known while the video is being scored. */
  progress(frames: readonly ScoredFrame[]): void {
    this.frames = frames;
    this.draw();
  }

  /** Shows the whole result, at the frame that weighs most. */
  async finish(result: ScoredVideo): Promise<void> {
    this.frames = result.frames;
    this.heaviestIndex = result.heaviest;
    this.slider.max = String(Math.max(0, result.frames.length - 1));
    this.slider.disabled = !result.frames.length;
    this.translate(this.speaker);
    try {
      await this.go(result.heaviest ?? 0);
    } catch {
      this.point(result.frames.length - 1); // The last one that was scored is still there.
    }
  }

  /** Says everything anew in another language. */
  translate(speaker: Speaker): void {
    this.speaker = speaker;
    const index = this.heaviestIndex;
    this.heaviest.hidden = index === null;
    if (index !== null) {
      const frame = this.frames[index];
      this.heaviest.textContent = speaker.say("heaviest", {
        time: time(frame.seconds),
        percent: percent(frameProbability(frame)!, this.thresholds),
      });
    }
    this.nameFrame();
  }

  /** Lets go of the page's elements. */
  close(): void {
    this.listeners.abort();
    this.video.close();
  }

  /** Moves to a frame; of several moves during a slow one the last counts. */
  private move(index: number): void {
    this.wanted = index;
    if (this.moving) return;
    this.moving = true;
    void (async () => {
      while (this.wanted !== null && !this.listeners.signal.aborted) {
        const next = this.wanted;
        this.wanted = null;
        await this.go(next);
      }
    })()
      .catch(() => undefined) // A frame that cannot be shown any more leaves the last one.
      .finally(() => (this.moving = false));
  }

  private async go(index: number): Promise<void> {
    if (!this.frames[index]) return;
    const picture = await this.video.frameAt(this.frames[index].seconds);
    if (this.listeners.signal.aborted) return; // Another file has the element now.
    this.stage.showFaces(this.frames[index].faces, picture);
    this.point(index);
  }

  /** Names the frame that is shown, on the slider and the timeline. */
  private point(index: number): void {
    this.shown = index;
    // While another frame is wanted, the slider stays where it was moved.
    if (this.wanted === null) this.slider.value = String(index);
    this.nameFrame();
    this.draw();
  }

  private nameFrame(): void {
    if (this.shown === null) return;
    const frame = this.frames[this.shown];
    const score = frameProbability(frame);
    const at = { time: time(frame.seconds) };
    const words =
      score === null
        ? this.speaker.say("frameNoFace", at)
        : this.speaker.say("frameShown", { ...at, percent: percent(score, this.thresholds) });
    this.slider.setAttribute("aria-valuetext", words);
    this.slider.setAttribute("aria-label", this.speaker.say("timeline"));
  }

  private draw(): void {
    if (!this.canvas.clientWidth) return;
    drawTimeline(this.canvas, this.frames, this.video.duration, this.thresholds, this.shown);
  }
}
