/**
 * Boxes, words and attention drawn over a picture.
 *
 * A verdict is told by word, by shape (a fake face has a whole frame, any other has corners only)
 * and by colours that every kind of colour vision keeps apart.
 */
import { heatColors } from "../core/attention_heat.ts";
import type { Box } from "../core/box.ts";
import type { ScoredFace } from "../core/scored_face.ts";
import type { Verdict } from "../core/verdict.ts";

/** Which maps are drawn: none, their sum, or one. */
export type HeatChoice = "off" | "sum" | number;

export const COLORS: Record<Verdict, string> = {
  fake: "rgb(200, 80, 0)",
  uncertain: "rgb(92, 96, 104)",
  "no trace found": "rgb(0, 105, 175)",
  real: "rgb(0, 105, 175)",
  unsure: "rgb(92, 96, 104)",
};

export interface OverlayOptions {
  readonly heat: HeatChoice;
  /** Turns the picture left to right, for a camera that faces its user. */
  readonly mirrored: boolean;
  /** Pixels of the picture for one on the screen, so that lines and letters can be read. */
  readonly scale: number;
  /** Returns the words of a face's label. */
  readonly label: (face: ScoredFace) => string;
}

/** Draws faces over a picture that a canvas already holds, or over nothing. */
export function drawFaces(
  canvas: HTMLCanvasElement,
  faces: readonly ScoredFace[],
  options: OverlayOptions,
): void {
  const context = canvas.getContext("2d")!;
  const placed = faces.map((face) => ({ face, box: place(face.box, canvas.width, options) }));
  for (const face of faces) drawHeat(context, face, canvas.width, options);
  for (const { face, box } of placed) drawBox(context, face, box, options.scale);
  const taken: Box[] = [];
  for (const { face, box } of placed) drawLabel(context, face, box, taken, options);
}

/** Draws one face's attention over a rectangle. */
export function paintHeat(
  context: CanvasRenderingContext2D,
  face: ScoredFace,
  choice: HeatChoice,
  at: Box,
): void {
  if (!face.maps || choice === "off") return;
  const { width, height } = face.maps;
  const colors = heatColors(face.maps, choice === "sum" ? null : choice);
  const cells = document.createElement("canvas");
  cells.width = width;
  cells.height = height;
  cells.getContext("2d")!.putImageData(new ImageData(colors, width, height), 0, 0);
  context.imageSmoothingQuality = "high";
  context.drawImage(cells, at.x, at.y, at.width, at.height);
}

function place(box: Box, width: number, { mirrored }: OverlayOptions): Box {
  return mirrored ? { ...box, x: width - box.x - box.width } : box;
}

function drawHeat(
  context: CanvasRenderingContext2D,
  face: ScoredFace,
  width: number,
  options: OverlayOptions,
): void {
  const { left, top, side } = face.square;
  context.save();
  if (options.mirrored) context.setTransform(-1, 0, 0, 1, width, 0);
  paintHeat(context, face, options.heat, { x: left, y: top, width: side, height: side });
  context.restore();
}

function drawBox(
  context: CanvasRenderingContext2D,
  face: ScoredFace,
  { x, y, width, height }: Box,
  scale: number,
): void {
  const corner = 0.22 * Math.min(width, height);
  context.beginPath();
  if (face.verdict === "fake") context.rect(x, y, width, height);
  else {
    for (const [cx, cy, dx, dy] of [
      [x, y, 1, 1],
      [x + width, y, -1, 1],
      [x + width, y + height, -1, -1],
      [x, y + height, 1, -1],
    ]) {
      context.moveTo(cx + dx * corner, cy);
      context.lineTo(cx, cy);
      context.lineTo(cx, cy + dy * corner);
    }
  }
  // A light rim parts the line from dark and bright pictures alike.
  for (const [color, line] of [
    ["rgba(255, 255, 255, 0.85)", 5],
    [COLORS[face.verdict], 3],
  ] as const) {
    context.strokeStyle = color;
    context.lineWidth = line * scale;
    context.stroke();
  }
}

function drawLabel(
  context: CanvasRenderingContext2D,
  face: ScoredFace,
  box: Box,
  taken: Box[],
  { label, scale }: OverlayOptions,
): void {
  const size = 15 * scale;
  context.font = `600 ${size}px system-ui, sans-serif`;
  const text = label(face);
  const width = context.measureText(text).width + size;
  const height = 1.6 * size;
  const right = context.canvas.width - width;
  const x = Math.max(0, Math.min(box.x - 1.5 * scale, right));
  const bottom = context.canvas.height - height;
  const spots = [box.y - height, box.y + box.height, box.y].map((y) => ({
    x,
    y: Math.max(0, Math.min(y, bottom)),
    width,
    height,
  }));
  const free = spots.find((spot) => !taken.some((other) => overlap(spot, other))) ?? spots[0];
  taken.push(free);
  context.fillStyle = COLORS[face.verdict];
  context.fillRect(free.x, free.y, width, height);
  context.fillStyle = "white";
  context.textBaseline = "middle";
  context.fillText(text, free.x + size / 2, free.y + height / 2);
}

function overlap(a: Box, b: Box): boolean {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}
