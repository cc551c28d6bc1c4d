/** A video's score over time, and the frame that is shown. */
import { type Thresholds, type Verdict, verdictOf } from "../core/verdict.ts";
import { type ScoredFrame, frameProbability } from "../core/video_result.ts";
import { time } from "./strings.ts";

const COLORS: Record<Verdict, string> = {
  fake: "--fake",
  uncertain: "--unsure",
  "no trace found": "--real",
  real: "--real",
  unsure: "--unsure",
};

/** Draws the scores of a video; the colours come from the page's style sheet. */
export function drawTimeline(
  canvas: HTMLCanvasElement,
  frames: readonly ScoredFrame[],
  duration: number,
  thresholds: Thresholds,
  shown: number | null,
): void {
  const { threshold, clearThreshold } = thresholds;
  const ratio = devicePixelRatio;
  canvas.width = Math.round(canvas.clientWidth * ratio);
  canvas.height = Math.round(canvas.clientHeight * ratio);
  const context = canvas.getContext("2d")!;
  context.scale(ratio, ratio);
  const axes = new Axes(canvas.clientWidth, canvas.clientHeight, Math.max(duration, 0.1));
  const color = (name: string) => getComputedStyle(canvas).getPropertyValue(name);
  const level = axes.y(threshold);
  context.fillStyle = color("--fake-zone");
  context.fillRect(axes.left, axes.top, axes.right - axes.left, level - axes.top);
  context.fillStyle = color("--real-zone");
  const clear = axes.y(clearThreshold ?? threshold);
  context.fillRect(axes.left, clear, axes.right - axes.left, axes.bottom - clear);
  drawScale(context, axes, threshold, color("--muted"));
  let before: { x: number; y: number } | null = null;
  frames.forEach((frame, index) => {
    const score = frameProbability(frame);
    if (score === null) {
      before = null;
      return;
    }
    const point = { x: axes.x(frame.seconds), y: axes.y(score) };
    context.strokeStyle = context.fillStyle = color(COLORS[verdictOf(score, thresholds)]);
    if (before) {
      context.lineWidth = 2;
      context.beginPath();
      context.moveTo(before.x, before.y);
      context.lineTo(point.x, point.y);
      context.stroke();
    }
    context.beginPath();
    context.arc(point.x, point.y, index === shown ? 6 : 2.5, 0, 2 * Math.PI);
    context.fill();
    before = point;
  });
  if (shown !== null && frames[shown]) {
    const x = axes.x(frames[shown].seconds);
    context.strokeStyle = color("--ink");
    context.lineWidth = 1;
    context.strokeRect(x, axes.top, 0, axes.bottom - axes.top);
  }
}

/** Returns the index of the frame that is nearest to a place on the canvas. */
export function frameAtPlace(
  canvas: HTMLCanvasElement,
  x: number,
  frames: readonly ScoredFrame[],
  duration: number,
): number {
  const axes = new Axes(canvas.clientWidth, canvas.clientHeight, Math.max(duration, 0.1));
  let best = 0;
  frames.forEach((frame, index) => {
    const off = (each: ScoredFrame) => Math.abs(axes.x(each.seconds) - x);
    if (off(frame) < off(frames[best])) best = index;
  });
  return best;
}

class Axes {
  readonly left = 46;
  readonly top = 8;
  readonly right: number;
  readonly bottom: number;

  constructor(
    width: number,
    height: number,
    readonly duration: number,
  ) {
    this.right = width - 10;
    this.bottom = height - 22;
  }

  x(seconds: number): number {
    return this.left + (seconds / this.duration) * (this.right - this.left);
  }

  y(score: number): number {
    return this.bottom - score * (this.bottom - this.top);
  }
}

function drawScale(
  context: CanvasRenderingContext2D,
  axes: Axes,
  threshold: number,
  color: string,
): void {
  context.fillStyle = context.strokeStyle = color;
  context.font = "12px system-ui, sans-serif";
  context.textAlign = "right";
  for (const score of [0, threshold, 1]) {
    if (score !== threshold && Math.abs(axes.y(score) - axes.y(threshold)) < 13) continue;
    context.textBaseline = score === 1 ? "top" : "middle";
    context.fillText(`${Math.round(100 * score)}%`, axes.left - 6, axes.y(score));
  }
  context.setLineDash([3, 4]);
  context.beginPath();
  context.moveTo(axes.left, axes.y(threshold));
  context.lineTo(axes.right, axes.y(threshold));
  context.stroke();
  context.setLineDash([]);
  context.textBaseline = "top";
  context.textAlign = "left";
  context.fillText(time(0), axes.left, axes.bottom + 6);
  context.textAlign = "right";
  context.fillText(time(axes.duration), axes.right, axes.bottom + 6);
}
