/** The result as one picture: what was scored, what was drawn over it, and a caption. */

/** Draws a picture with lines of text below it. */
export function captioned(
  layers: readonly { readonly image: CanvasImageSource; readonly mirrored: boolean }[],
  width: number,
  height: number,
  lines: readonly string[],
): HTMLCanvasElement {
  // Small pictures are enlarged, so that the caption can be read.
  const scale = Math.max(1, 640 / width);
  const [w, h] = [Math.round(scale * width), Math.round(scale * height)];
  const size = Math.max(14, Math.round(w / 50));
  const canvas = document.createElement("canvas");
  const context = canvas.getContext("2d")!;
  const font = (index: number) => `${index ? 400 : 600} ${size}px system-ui, sans-serif`;
  const rows = lines.flatMap((line, index) => {
    context.font = font(index);
    return wrap(context, line, w - 2 * size).map((text) => ({ text, font: font(index) }));
  });
  canvas.width = w;
  canvas.height = h + Math.round(1.5 * size * (rows.length + 1));
  context.fillStyle = "rgb(22, 24, 29)";
  context.fillRect(0, 0, canvas.width, canvas.height);
  for (const { image, mirrored } of layers) {
    context.save();
    if (mirrored) context.setTransform(-1, 0, 0, 1, w, 0);
    context.drawImage(image, 0, 0, w, h);
    context.restore();
  }
  context.fillStyle = "rgb(238, 241, 245)";
  context.textBaseline = "top";
  rows.forEach((row, index) => {
    context.font = row.font;
    context.fillText(row.text, size, h + size * (0.75 + 1.5 * index));
  });
  return canvas;
}

/** Breaks a line at spaces, and between characters where there are none. */
function wrap(context: CanvasRenderingContext2D, line: string, width: number): string[] {
  const rows: string[] = [];
  let row = "";
  for (const part of line.match(/[\u2e80-\uffff]|[^\s\u2e80-\uffff]+\s*|\s+/g) ?? []) {
    if (row && context.measureText((row + part).trimEnd()).width > width) {
      rows.push(row.trimEnd());
      row = "";
    }
    row += part;
  }
  return row ? [...rows, row.trimEnd()] : rows;
}

/** Hands a picture to the browser's downloads. */
export async function download(canvas: HTMLCanvasElement, name: string): Promise<void> {
  const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, "image/png"));
  if (!blob) throw new Error("the browser makes no PNG");
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
