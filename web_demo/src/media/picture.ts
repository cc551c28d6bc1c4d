/** Reading photographs as people have them: the twin of `keras_madd/media/images.py`. */

/** Why a file cannot be shown; `key` names the sentence. */
export class MediaError extends Error {
  constructor(
    readonly key:
      "notMedia" | "tooLarge" | "tooLargeHere" | "pictureBroken" | "videoBroken" | "videoSlow",
    readonly values: Record<string, string | number> = {},
  ) {
    super(key);
  }
}

/** 256 MB of pixels; as the desktop, since a small file can claim any size. */
export const MAX_PIXELS = 64_000_000;
/** Browsers draw no longer sides. */
export const MAX_SIDE = 32_000;

/** EXIF's orientation -> the matrix that makes a picture upright: a, b, c, d of a canvas. */
const TURNS: Readonly<Record<number, readonly [number, number, number, number]>> = {
  2: [-1, 0, 0, 1],
  3: [-1, 0, 0, -1],
  4: [1, 0, 0, -1],
  5: [0, 1, 1, 0],
  6: [0, 1, -1, 0],
  7: [0, -1, -1, 0],
  8: [0, -1, 1, 0],
};

/**
 * Reads an image file into a canvas, upright, transparent pixels on white.
 *
 * Colour profiles are left alone, as everywhere else in this project, so that the model sees the
 * numbers that are in the file.
 *
 * @throws MediaError where it is none, is too large, or is broken in a way that the browser tells:
 *   of a JPEG that is damaged in its middle it shows what there is.
 */
export async function readPicture(file: Blob): Promise<HTMLCanvasElement> {
  const { width, height } = await sizeOf(file);
  if (width * height > MAX_PIXELS || Math.max(width, height) > MAX_SIDE) {
    throw new MediaError("tooLarge", { width, height, megapixels: MAX_PIXELS / 1e6 });
  }
  const { plain, turn } = await takeTurn(file);
  let bitmap: ImageBitmap;
  try {
    bitmap = await createImageBitmap(plain, {
      colorSpaceConversion: "none",
      premultiplyAlpha: "none",
    });
  } catch {
    throw new MediaError("pictureBroken");
  }
  const canvas = document.createElement("canvas");
  canvas.width = turn[0] ? bitmap.width : bitmap.height;
  canvas.height = turn[0] ? bitmap.height : bitmap.width;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (!context) throw new MediaError("tooLargeHere", { width, height });
  context.fillStyle = "white";
  context.fillRect(0, 0, canvas.width, canvas.height);
  const [a, b, c, d] = turn;
  context.setTransform(a, b, c, d, a + c < 0 ? canvas.width : 0, b + d < 0 ? canvas.height : 0);
  context.drawImage(bitmap, 0, 0);
  context.resetTransform();
  bitmap.close();
  // A canvas above the limit of an old iPhone stays empty, and tells nothing else.
  if (!context.getImageData(0, 0, 1, 1).data[3]) {
    throw new MediaError("tooLargeHere", { width, height });
  }
  return canvas;
}

/**
 * Takes the orientation out of a WebP file: browsers turn other kinds themselves, of this one some
 * do, and without it none does.
 */
async function takeTurn(file: Blob) {
  const whole = { plain: file, turn: [1, 0, 0, 1] as const };
  const head = new DataView(await file.slice(0, 12).arrayBuffer());
  // "RIFF", "WEBP".
  if (head.byteLength < 12 || head.getUint32(0) !== 0x52494646) return whole;
  if (head.getUint32(8) !== 0x57454250) return whole;
  const data = new DataView(await file.arrayBuffer());
  try {
    let chunk = 12;
    while (data.getUint32(chunk) !== 0x45584946) {
      const size = data.getUint32(chunk + 4, true);
      chunk += 8 + size + (size % 2);
    }
    // Some write "Exif" and two zeros first, as in JPEG.
    const start = chunk + (data.getUint32(chunk + 8) === 0x45786966 ? 14 : 8);
    const little = data.getUint16(start) === 0x4949;
    let entry = start + data.getUint32(start + 4, little) + 2;
    const last = entry + 12 * data.getUint16(entry - 2, little);
    while (entry < last && data.getUint16(entry, little) !== 0x0112) entry += 12;
    const turn = entry < last ? TURNS[data.getUint16(entry + 8, little)] : undefined;
    if (!turn) return whole;
    data.setUint16(entry + 8, 1, little);
    return { plain: new Blob([data]), turn };
  } catch (error) {
    if (error instanceof RangeError) return whole; // It ends before it says.
    throw error;
  }
}

/** Reads the size from the file's head: pixels are decoded only when they are drawn. */
async function sizeOf(file: Blob): Promise<{ width: number; height: number }> {
  const url = URL.createObjectURL(file);
  try {
    return await new Promise((resolve, reject) => {
      const image = new Image();
      image.onload = () => resolve({ width: image.naturalWidth, height: image.naturalHeight });
      image.onerror = () => reject(new MediaError("pictureBroken"));
      image.src = url;
    });
  } finally {
    URL.revokeObjectURL(url);
  }
}
