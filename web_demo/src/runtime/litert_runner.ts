/** Runs an exported model with LiteRT.js, on the processor or the graphics processor. */
import {
  type CompiledModel,
  Environment,
  type LiteRt,
  Tensor,
  type TypedArray,
  loadLiteRt,
} from "@litertjs/core";

import type { AttentionMaps } from "../core/attention_heat.ts";
import { calibrate } from "../core/calibration.ts";
import {
  DescriptionError,
  FAKE_PROBABILITY,
  type ModelDescription,
} from "../core/model_description.ts";

/** `"wasm-compat"` is for browsers without relaxed SIMD, which `"wasm"` takes by itself there. */
export type Backend = "wasm" | "wasm-compat" | "webgpu";

/** What the model gives for a crop. */
export interface Score {
  /** Calibrated probability of being fake, 0 to 1. */
  readonly probability: number;
  readonly maps: AttentionMaps | null;
}

const WASM_FOLDER = "wasm/";
let runtime: Promise<LiteRt> | undefined;
let gpu: Promise<Environment> | undefined;

// In a worker the library would look for its WebAssembly beside the worker's script.
(globalThis as { Module?: object }).Module = {
  locateFile: (name: string) => WASM_FOLDER + name,
};

/** A compiled model; it holds memory outside the garbage collector's: call `close()`. */
export class LiteRTRunner {
  private constructor(
    readonly backend: Backend,
    readonly description: ModelDescription,
    private readonly model: CompiledModel,
  ) {}

  /** Loads the library; it takes its time, and needs no model. */
  static load(backend: Backend): Promise<LiteRt> {
    const path = backend === "wasm-compat" ? "litert_wasm_compat_internal.js" : "";
    return (runtime ??= loadLiteRt(WASM_FOLDER + path));
  }

  /**
   * Compiles a model.
   *
   * @throws DescriptionError where the file does not fit its description.
   * @throws Error where the back end does not run it whole.
   */
  static async create(
    file: Uint8Array,
    description: ModelDescription,
    backend: Backend,
  ): Promise<LiteRTRunner> {
    const litert = await LiteRTRunner.load(backend);
    const onGPU = backend === "webgpu";
    const environment = onGPU ? await gpuEnvironment() : litert.getDefaultEnvironment();
    const model = await litert.loadAndCompile(file, {
      accelerator: onGPU ? "webgpu" : "wasm",
      // Half precision would move scores by more than rounding.
      gpuOptions: { precision: "fp32" },
      environment,
    });
    if (onGPU && !model.isFullyAccelerated) {
      model.delete();
      throw new Error("WebGPU does not run every operation of the model");
    }
    checkSignature(model, description);
    return new LiteRTRunner(backend, description, model);
  }

  /**
   * Scores a face that is cut out already.
   *
   * @param pixels red, green, blue, 0 to 255, of the input size; of the input's type.
   * @throws Error where the model gives no number.
   */
  async run(pixels: TypedArray): Promise<Score> {
    const { inputName, inputSize, temperature, mapsOutput, marksBlending } = this.description;
    const input = new Tensor(pixels, [1, inputSize, inputSize, 3], this.model.options.environment);
    let outputs: Record<string, Tensor> = {};
    try {
      outputs = await this.model.run({ [inputName]: input });
      const raw = (await outputs[FAKE_PROBABILITY].data())[0];
      if (!Number.isFinite(raw)) throw new Error("The model gives a score that is no number.");
      const probability = calibrate(Math.min(Math.max(raw, 0), 1), temperature);
      if (!mapsOutput) return { probability, maps: null };
      const [, height, width, count] = outputs[mapsOutput].type.layout.dimensions;
      const values = Float32Array.from(await outputs[mapsOutput].data());
      const fullScale = marksBlending ? 1 : null;
      return { probability, maps: { values, height, width, count, fullScale } };
    } finally {
      input.delete();
      for (const output of Object.values(outputs)) output.delete();
    }
  }

  /** Frees the model. */
  close(): void {
    this.model.delete();
  }
}

/** Returns the one of this worker: with a second device the library gives other scores. */
function gpuEnvironment(): Promise<Environment> {
  gpu ??= newGPUEnvironment();
  gpu.catch(() => (gpu = undefined));
  return gpu;
}

async function newGPUEnvironment(): Promise<Environment> {
  const adapter = await navigator.gpu.requestAdapter();
  if (!adapter) throw new Error("the browser gives no WebGPU adapter");
  const device = await adapter.requestDevice({
    requiredFeatures: [...adapter.features].filter((each) => each === "subgroups"),
    requiredLimits: {
      maxBufferSize: adapter.limits.maxBufferSize,
      maxStorageBufferBindingSize: adapter.limits.maxStorageBufferBindingSize,
    },
  });
  return Environment.create({ webGpuDevice: device });
}

function checkSignature(model: CompiledModel, description: ModelDescription): void {
  const { inputName, inputSize, inputType, mapsOutput } = description;
  const [input, ...more] = model.getInputDetails();
  const shape = [1, inputSize, inputSize, 3];
  const fits =
    !more.length &&
    input.name === inputName &&
    input.dtype === inputType &&
    String([...input.shape]) === String(shape);
  const outputs = model.getOutputDetails().map((output) => output.name);
  const wanted = [FAKE_PROBABILITY, ...(mapsOutput ? [mapsOutput] : [])];
  if (!fits || !wanted.every((name) => outputs.includes(name))) {
    model.delete();
    throw new DescriptionError(
      `model.tflite does not fit its description: expected ${inputType} ` +
        `${inputName}[${shape.join(", ")}] and ${wanted.join(", ")}.`,
    );
  }
}
