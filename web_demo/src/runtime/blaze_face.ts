/** One BlazeFace model, and the WebGL context through which MediaPipe reads pictures for it. */
import { type Detection, FaceDetector as MediaPipeDetector } from "@mediapipe/tasks-vision";

const WASM = {
  wasmLoaderPath: "wasm/vision_wasm_internal.js",
  wasmBinaryPath: "wasm/vision_wasm_internal.wasm",
};
const MIN_CONFIDENCE = 0.5;

/** It holds memory outside the garbage collector's: call `close()`. */
export class BlazeFace {
  private constructor(
    private readonly detector: MediaPipeDetector,
    private readonly context: WebGLRenderingContext | null,
  ) {}

  /** Makes the model of a file. */
  static async create(file: Uint8Array): Promise<BlazeFace> {
    const canvas = document.createElement("canvas");
    const detector = await MediaPipeDetector.createFromOptions(WASM, {
      // The graphics processor finds other boxes, and the scores with them.
      baseOptions: { modelAssetBuffer: file, delegate: "CPU" },
      minDetectionConfidence: MIN_CONFIDENCE,
      canvas,
    });
    // MediaPipe has made it: this gives the same one.
    return new BlazeFace(detector, canvas.getContext("webgl2") ?? canvas.getContext("webgl"));
  }

  /** Returns what it finds in an image; nothing where the context is lost. */
  detect(image: HTMLCanvasElement): Detection[] {
    return this.detector.detect(image).detections;
  }

  /** Whether the browser has taken the context away, for good; MediaPipe does not notice. */
  get isLost(): boolean {
    return this.context?.isContextLost() ?? false;
  }

  /** Frees the model. */
  close(): void {
    this.detector.close();
  }
}
