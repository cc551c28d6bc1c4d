/** From a picture to a fake score per face: the twin of `keras_madd.inference.Detector`. */
import { FaceCropper, cropSquare, insidePicture } from "../core/crop.ts";
import type { FaceModelChoice } from "../core/face_model_choice.ts";
import { type ModelDescription, parseDescription } from "../core/model_description.ts";
import type { ScoredFace } from "../core/scored_face.ts";
import { verdictOf } from "../core/verdict.ts";
import { AssetError, Assets } from "./assets.ts";
import { type Face, FaceDetector } from "./face_detector.ts";
import type { Backend, Score } from "./litert_runner.ts";
import { RemoteRunner } from "./remote_runner.ts";

const MODEL = "model/model.tflite";
const DESCRIPTION = "model/model.json";
/** Largest difference of a probability that is another processor's rounding. */
const TOLERANCE = 0.02;
const PROBES = 4;

/** What WebGPU was tried for, and what came of it. */
export interface GPUTrial {
  readonly taken: boolean;
  /** Milliseconds a face, where both ran. */
  readonly gpuMs?: number;
  readonly wasmMs?: number;
  /** Largest difference of a probability, where it was too large. */
  readonly difference?: number;
  /** The library's own words where it did not run. */
  readonly error?: string;
}

/** Finds the faces of pictures and scores them. */
export class Detector {
  private readonly cropper: FaceCropper;
  private readonly pixels: Float32Array<ArrayBuffer> | Uint8Array<ArrayBuffer>;
  /** Why WebGPU, which had been taken, was given up; null while it was not. */
  private failure: string | null = null;
  /** The way back to WASM while it is gone, once for all faces that failed. */
  private leaving: Promise<void> | null = null;
  /** The build of WASM that was asked for. */
  private readonly wasm: Backend;

  private constructor(
    readonly description: ModelDescription,
    private readonly file: Uint8Array,
    private readonly faces: FaceDetector,
    private runner: RemoteRunner,
  ) {
    this.wasm = runner.backend;
    this.cropper = new FaceCropper(description.inputSize);
    const count = 3 * description.inputSize ** 2;
    this.pixels =
      description.inputType === "uint8" ? new Uint8Array(count) : new Float32Array(count);
  }

  /** Reads, checks and compiles all that is needed. */
  static async open(backend: Backend = "wasm"): Promise<Detector> {
    // What goes wrong with it is told by `RemoteRunner.create`.
    RemoteRunner.load(backend).catch(() => undefined);
    const assets = await Assets.open();
    const [file, text] = await Promise.all([assets.read(MODEL), assets.read(DESCRIPTION)]);
    const description = parseDescription(new TextDecoder().decode(text));
    if (assets.sha256(MODEL) !== description.sha256) {
      throw new AssetError("model.json describes another file than model.tflite. Export again.");
    }
    const [faces, runner] = await Promise.all([
      FaceDetector.create(description.detector, assets),
      RemoteRunner.create(file, description, backend),
    ]);
    const detector = new Detector(description, file, faces, runner);
    await runner.run(detector.pixels); // The first run takes longer than all that follow.
    return detector;
  }

  /** What the model runs on. */
  get backend(): Backend {
    return this.runner.backend;
  }

  /** The library's own words where WebGPU failed at its work and WASM took over, or null. */
  get gpuFailure(): string | null {
    return this.failure;
  }

  /**
   * Finds the faces of a picture, largest first; `choice` is of the video that it is from.
   *
   * @param inParts whether a large picture without a large face is searched in parts, too.
   * @param signal ends the search in parts early; what was found so far counts.
   */
  async findFaces(
    picture: HTMLCanvasElement,
    choice?: FaceModelChoice,
    inParts = false,
    signal?: AbortSignal,
  ): Promise<Face[]> {
    const found = await this.faces.detect(picture, choice, inParts, signal);
    return found.filter((face) => {
      const square = cropSquare(face.box, this.description.cropMargin);
      return insidePicture(square, picture.width, picture.height) !== null;
    });
  }

  /**
   * Scores faces that `findFaces` has found in the picture, in the same order. They are cut out
   * before it returns its promise.
   */
  async scoreFaces(picture: HTMLCanvasElement, faces: readonly Face[]): Promise<ScoredFace[]> {
    const scoring = faces.map(async (face): Promise<ScoredFace> => {
      const square = cropSquare(face.box, this.description.cropMargin);
      const part = insidePicture(square, picture.width, picture.height)!;
      const pixels = picture
        .getContext("2d", { willReadFrequently: true })!
        .getImageData(part.x, part.y, part.width, part.height);
      const within = { ...square, left: square.left - part.x, top: square.top - part.y };
      this.cropper.crop(pixels, within, this.pixels);
      const { probability, maps } = await this.run();
      const verdict = verdictOf(probability, this.description);
      const { box, score: detectionScore } = face;
      return { box, square, detectionScore, probability, verdict, maps };
    });
    return Promise.all(scoring);
  }

  /**
   * Moves to WebGPU if it gives the same scores; unless `required`, only if it is quicker too.
   * Call it while nothing is being scored.
   */
  async tryWebGPU(required: boolean): Promise<GPUTrial> {
    this.failure = null;
    let gpu: RemoteRunner | undefined;
    try {
      gpu = await RemoteRunner.create(this.file, this.description, "webgpu");
      const [wasm, other] = [await this.probe(this.runner), await this.probe(gpu)];
      const differences = wasm.scores.map((score, index) =>
        Math.abs(score.probability - other.scores[index].probability),
      );
      const difference = Math.max(...differences);
      const times = { gpuMs: other.milliseconds, wasmMs: wasm.milliseconds };
      const same = difference <= TOLERANCE;
      if (same && (required || other.milliseconds < wasm.milliseconds)) {
        this.runner.close();
        this.runner = gpu;
        return { taken: true, ...times };
      }
      gpu.close();
      return { taken: false, ...times, ...(same ? {} : { difference }) };
    } catch (error) {
      gpu?.close();
      return { taken: false, error: (error as Error).message };
    }
  }

  /** Moves back to WASM. Call it while nothing is being scored. */
  async useWasm(): Promise<void> {
    this.failure = null;
    if (this.runner.backend !== "webgpu") return;
    const runner = await RemoteRunner.create(this.file, this.description, this.wasm);
    this.runner.close();
    this.runner = runner;
  }

  /** Scores the face that is cut out; on WASM where WebGPU fails, as after its device is lost. */
  private async run(): Promise<Score> {
    const { runner } = this;
    if (runner.backend !== "webgpu") return runner.run(this.pixels);
    const pixels = this.pixels.slice(); // The next face is cut out into the same ones.
    try {
      return await runner.run(pixels);
    } catch (error) {
      if (this.runner === runner) {
        this.leaving ??= this.leaveWebGPU(error as Error).finally(() => (this.leaving = null));
        await this.leaving;
      }
      return this.runner.run(pixels);
    }
  }

  private async leaveWebGPU({ message }: Error): Promise<void> {
    // In the same worker the library would not run on another device later.
    RemoteRunner.restart();
    this.runner = await RemoteRunner.create(this.file, this.description, this.wasm);
    this.failure = message;
  }

  /** Scores noise; the quickest run counts, the first one, which prepares, does not. */
  private async probe(runner: RemoteRunner): Promise<{ scores: Score[]; milliseconds: number }> {
    const scores: Score[] = [];
    let milliseconds = Infinity;
    let state = 1;
    for (let index = 0; index < PROBES; index++) {
      for (let k = 0; k < this.pixels.length; k++) {
        state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
        this.pixels[k] = state >>> 24;
      }
      const started = performance.now();
      scores.push(await runner.run(this.pixels));
      if (index) milliseconds = Math.min(milliseconds, performance.now() - started);
    }
    return { scores, milliseconds };
  }
}
