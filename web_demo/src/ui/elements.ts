/** The elements of `index.html` by their ids, each of its own kind. */
const KINDS = {
  language: HTMLButtonElement,
  banner: HTMLElement,
  drop: HTMLElement,
  open: HTMLButtonElement,
  camera: HTMLButtonElement,
  "switch-camera": HTMLButtonElement,
  file: HTMLInputElement,
  verdict: HTMLElement,
  detail: HTMLElement,
  note: HTMLElement,
  notice: HTMLElement,
  progress: HTMLProgressElement,
  stop: HTMLButtonElement,
  "stage-section": HTMLElement,
  stage: HTMLElement,
  picture: HTMLCanvasElement,
  video: HTMLVideoElement,
  overlay: HTMLCanvasElement,
  "timeline-section": HTMLElement,
  timeline: HTMLCanvasElement,
  frame: HTMLInputElement,
  heaviest: HTMLButtonElement,
  heat: HTMLFieldSetElement,
  "heat-title": HTMLElement,
  "heat-choices": HTMLElement,
  "heat-legend": HTMLElement,
  "faces-section": HTMLElement,
  faces: HTMLElement,
  save: HTMLButtonElement,
  backend: HTMLSelectElement,
  speed: HTMLElement,
  "gpu-note": HTMLElement,
};
type Id = keyof typeof KINDS;

/** Returns an element of the page. */
export function element<T extends Id>(id: T): InstanceType<(typeof KINDS)[T]> {
  const found = document.getElementById(id);
  if (!(found instanceof KINDS[id])) throw new Error(`index.html has no ${id}`);
  return found as InstanceType<(typeof KINDS)[T]>;
}
