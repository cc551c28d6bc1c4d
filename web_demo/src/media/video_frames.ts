/** Frames of a video file, spread evenly over it. */
import { MediaError } from "./picture.ts";

/** Seconds that an element may take; those of a page that nobody sees do not count. */
const PATIENCE = 15;
/** Milliseconds by which a picture may come later than the word that it is there. */
const LATE_MS = 100;

/** A video that the browser can play, paused, with its first frame there. */
export class VideoFile {
  private readonly canvas = document.createElement("canvas");
  /** When the picture that was returned last begins, or null where the browser does not tell. */
  begins: number | null = null;

  private constructor(
    readonly element: HTMLVideoElement,
    private readonly url: string,
    /** Length in seconds. */
    readonly duration: number,
  ) {
    this.canvas.width = element.videoWidth;
    this.canvas.height = element.videoHeight;
  }

  /**
   * Opens a file in a `<video>`.
   *
   * @throws MediaError where the browser cannot decode it, or takes too long.
   */
  static async open(file: Blob, element: HTMLVideoElement): Promise<VideoFile> {
    const url = URL.createObjectURL(file);
    element.src = url;
    try {
      await once(element, "loadeddata");
      if (!element.videoWidth) throw new MediaError("videoBroken");
      if (!Number.isFinite(element.duration)) {
        // A recording whose length its maker never wrote: browsers find it at the far end.
        element.currentTime = Number.MAX_SAFE_INTEGER;
        await once(element, "seeked");
      }
      const { duration } = element;
      return new VideoFile(
        element,
        url,
        Number.isFinite(duration) ? duration : element.currentTime,
      );
    } catch (error) {
      URL.revokeObjectURL(url);
      element.removeAttribute("src");
      element.load();
      throw error;
    }
  }

  /** Returns the times at the middles of `count` equal parts, in seconds. */
  times(count: number): number[] {
    return Array.from({ length: count }, (_, k) => ((k + 0.5) / count) * this.duration);
  }

  /**
   * Shows the frame at a time and returns its pixels, in a canvas that the next call reuses.
   *
   * @throws MediaError where the file is damaged there, or the browser takes too long; another
   *   time may still be shown.
   */
  async frameAt(seconds: number): Promise<HTMLCanvasElement> {
    if (this.element.error) await this.reopen();
    if (this.element.currentTime !== seconds) {
      const shown = once(this.element, "seeked");
      this.element.currentTime = seconds;
      await shown;
      const before = this.begins;
      this.draw();
      if (before === null || this.begins !== before) return this.canvas;
      // It is the same picture, or the next one is late.
      await new Promise((resolve) => setTimeout(resolve, LATE_MS));
    }
    this.draw();
    return this.canvas;
  }

  private draw(): void {
    const context = this.canvas.getContext("2d", { willReadFrequently: true })!;
    context.drawImage(this.element, 0, 0);
    this.begins = beginning(this.element);
  }

  /** After an error an element does nothing any more until it loads its file anew. */
  private async reopen(): Promise<void> {
    this.element.src = this.url;
    await once(this.element, "loadeddata");
  }

  /** Frees the file. */
  close(): void {
    this.element.removeAttribute("src");
    this.element.load();
    URL.revokeObjectURL(this.url);
  }
}

function beginning(element: HTMLVideoElement): number | null {
  try {
    const shown = new VideoFrame(element);
    const { timestamp } = shown;
    shown.close();
    return timestamp;
  } catch {
    return null;
  }
}

function once(element: HTMLVideoElement, event: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let waited = 0;
    const timer = setInterval(() => {
      // Browsers let the videos of a hidden page stand still.
      if (!document.hidden && ++waited >= PATIENCE) fail("videoSlow");
    }, 1000);
    function done() {
      clearInterval(timer);
      element.removeEventListener(event, succeed);
      element.removeEventListener("error", refuse);
    }
    function succeed() {
      done();
      resolve();
    }
    function refuse() {
      fail("videoBroken");
    }
    function fail(key: "videoSlow" | "videoBroken") {
      done();
      reject(new MediaError(key));
    }
    element.addEventListener(event, succeed);
    element.addEventListener("error", refuse);
    if (element.error) refuse(); // It is told once, and nothing comes after it.
  });
}
