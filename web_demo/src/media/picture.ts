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

/**
 * Reads an image file into a canvas, upright, transparent pixels on white.
 *
 * Colour profiles are left alone, as everywhere else in this project, so that the model sees the
 * numbers that are in the file.
 *
 * @throws MediaError where it is none, is broken or is too large.
 */
export async function readPicture(file: Blob): Promise<HTMLCanvasElement> {
  const { width, height } = await sizeOf(file);
  if (width * height > MAX_PIXELS || Math.max(width, height) > MAX_SIDE) {
    throw new MediaError("tooLarge", { width, height, megapixels: MAX_PIXELS / 1e6 });
  }
  let bitmap: ImageBitmap;
  try {
    bitmap = await createImageBitmap(file, {
      colorSpaceConversion: "none",
      premultiplyAlpha: "none",
    });
  } catch {
    throw new MediaError("pictureBroken");
  }
  const canvas = document.createElement("canvas");
  canvas.width = bitmap.width;
  canvas.height = bitmap.height;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (!context) throw new MediaError("tooLargeHere", { width, height });
  context.fillStyle = "white";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  // A canvas above the limit of an old iPhone stays empty, and tells nothing else.
  if (!context.getImageData(0, 0, 1, 1).data[3]) {
    throw new MediaError("tooLargeHere", { width, height });
  }
  return canvas;
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
