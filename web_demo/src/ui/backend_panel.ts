/** Which processor runs the model, how fast, and why not the other one. */
import type { Detector, GPUTrial } from "../runtime/detector.ts";
import { element } from "./elements.ts";
import type { Speaker } from "./strings.ts";

/** Shows the back end and changes it. */
export class BackendPanel {
  private readonly select = element("backend");
  private trial: GPUTrial | "none" | "trying" | null = null;
  private speed: { milliseconds: number; rate?: number } | null = null;

  /** @param exclusive runs something while nothing else uses the detector. */
  constructor(
    private speaker: Speaker,
    private readonly detector: Detector,
    private readonly exclusive: (work: () => Promise<void>) => Promise<void>,
  ) {
    this.select.disabled = false;
    this.select.addEventListener("change", () => void this.choose());
    this.show();
    // Browsers restore the choice of a page that was seen before.
    if (this.select.value !== "auto") void this.choose();
  }

  /** Tries WebGPU where the choice is the page's. */
  async tryWebGPU(): Promise<void> {
    if (this.trial === null && this.select.value === "auto") await this.choose();
  }

  /** Shows how long things take. */
  showSpeed(milliseconds: number, rate?: number): void {
    this.speed = { milliseconds, rate };
    this.show();
  }

  /** While a video or camera is scored, the back end stays. */
  lock(locked: boolean): void {
    this.select.disabled = locked;
  }

  /** Says everything anew in another language. */
  translate(speaker: Speaker): void {
    this.speaker = speaker;
    this.show();
  }

  private async choose(): Promise<void> {
    const choice = this.select.value;
    await this.exclusive(async () => {
      const before = this.detector.backend;
      if (choice === "wasm") {
        this.trial = null;
        await this.detector.useWasm();
      } else if (!(await hasWebGPU())) {
        this.trial = "none";
      } else if (choice === "auto" || before !== "webgpu") {
        this.trial = "trying";
        this.show();
        await this.detector.useWasm(); // What is quicker is told by comparison with it.
        this.trial = await this.detector.tryWebGPU(choice === "webgpu");
      }
      if (this.detector.backend !== before) this.speed = null;
      this.show();
    });
  }

  private show(): void {
    const { speaker } = this;
    const backend = speaker.say(`on_${this.detector.backend}`);
    const { milliseconds, rate } = this.speed ?? {};
    if (milliseconds === undefined) element("speed").textContent = backend;
    else {
      element("speed").textContent = speaker.say(rate === undefined ? "speedFace" : "speedLive", {
        backend,
        milliseconds: milliseconds.toFixed(0),
        rate: rate?.toFixed(0) ?? "",
      });
    }
    element("gpu-note").textContent = this.gpuNote();
  }

  private gpuNote(): string {
    const { trial, speaker } = this;
    if (trial === null) return "";
    if (trial === "none") return speaker.say("gpuNone");
    if (trial === "trying") return speaker.say("gpuTrying");
    if (trial.taken) {
      const error = this.detector.gpuFailure;
      return error === null ? "" : speaker.say("gpuLost", { error });
    }
    if (trial.error !== undefined) return speaker.say("gpuError", { error: trial.error });
    if (trial.difference !== undefined) {
      return speaker.say("gpuDiffers", { difference: trial.difference.toFixed(3) });
    }
    const times = { gpu: trial.gpuMs!.toFixed(1), wasm: trial.wasmMs!.toFixed(1) };
    return speaker.say("gpuSlow", times);
  }
}

/** Tells whether the browser says that it has WebGPU. */
async function hasWebGPU(): Promise<boolean> {
  if (!("gpu" in navigator)) return false;
  return (await navigator.gpu.requestAdapter().catch(() => null)) !== null;
}
