/**
 * `model.json`: what must be known about an exported file to run it right. The reader is strict,
 * as `keras_madd/inference/model_description.py`: a key too few or too many is an error.
 */
import { parseJson, shown } from "./strict_json.ts";

export const SCHEMA_VERSION = 2;
/** The same with `clear_threshold`. */
export const WORDS_SCHEMA_VERSION = 3;
export const FAKE_PROBABILITY = "fake_probability";
/** Outputs that are laid over faces. */
export const ATTENTION_MAPS = "attention_maps";
export const BLEND_MAPS = "blend_maps";

export type DetectorKind = "auto" | "short" | "full";

/** The content of a `model.json` that this page can run. */
export interface ModelDescription {
  readonly quantization: string;
  /** Side of the square input in pixels. */
  readonly inputSize: number;
  readonly numAttentionMaps: number;
  /** Name of the output that is laid over faces, or null. */
  readonly mapsOutput: string | null;
  /** Whether its maps are probabilities of having been blended, not attention of any scale. */
  readonly marksBlending: boolean;
  readonly sha256: string;
  readonly cropMargin: number;
  readonly detector: DetectorKind;
  readonly trainingData: string;
  readonly demonstration: boolean;
  readonly temperature: number;
  readonly threshold: number;
  /** Below it no trace was found; null: everything below `threshold` is called real. */
  readonly clearThreshold: number | null;
  readonly inputName: string;
  readonly inputType: "float32" | "uint8";
}

/** A description that cannot be used; the message names the key. */
export class DescriptionError extends Error {}

type Values = Record<string, unknown>;
type Check = [accepts: (value: unknown) => boolean, wanted: string];

const isWhole = (value: unknown, least: number, most: number) =>
  Number.isInteger(value) && Number(value) >= least && Number(value) <= most;
const isDistinct = (value: unknown, least: number, most: number, fits: RegExp): boolean =>
  Array.isArray(value) &&
  value.length >= least &&
  value.length <= most &&
  value.every((each) => typeof each === "string" && fits.test(each)) &&
  new Set(value).size === value.length;

const WORDS = /^[^\x00-\x1f\x7f]*$/;
const NAME = /^[A-Za-z0-9_.:/-]{1,100}$/;

const whole = (least: number, most: number): Check => [
  (value) => isWhole(value, least, most),
  `a whole number from ${least} to ${most}`,
];
const number = (least: number, most: number): Check => [
  (value) => typeof value === "number" && value >= least && value <= most,
  `a number from ${least} to ${most}`,
];
const text = (most: number, fits = WORDS, words = ""): Check => [
  (value) => typeof value === "string" && value.length <= most && fits.test(value),
  words || `a string of ${most} characters at most, without control characters`,
];
const oneOf = (...wanted: unknown[]): Check => [
  (value) => wanted.some((each) => JSON.stringify(each) === JSON.stringify(value)),
  wanted.map((each) => JSON.stringify(each)).join(" or "),
];

const CHECKS: Record<string, Check> = {
  format: oneOf("litert"),
  quantization: text(200),
  input_size: [
    (value) =>
      Array.isArray(value) &&
      value.length === 2 &&
      value.every((each) => isWhole(each, 8, 4096)) &&
      value[0] === value[1],
    "[height, width], from 8 to 4096 and equal, as faces are cut out square",
  ],
  num_attention_maps: whole(0, 1024),
  sha256: text(64, /^[0-9a-f]{64}$/, "64 hexadecimal digits"),
  batch: oneOf(1),
  classes: [
    (value) =>
      isDistinct(value, 2, 1000, WORDS) &&
      (value as string[])[0] !== "fake" &&
      !(value as string[]).slice(1).includes("real"),
    "two or more different names, the real one first",
  ],
  crop_margin: number(0.5, 5),
  detector: oneOf("auto", "short", "full"),
  training_data: text(10_000),
  demonstration: oneOf(true, false),
  temperature: number(0.01, 100),
  threshold: number(0, 1),
  clear_threshold: number(0, 1),
  metrics: [
    (value) => typeof value === "object" && value !== null && !Array.isArray(value),
    "an object",
  ],
  color_order: oneOf("RGB"),
  pixel_range: oneOf([0, 255]),
  input_name: text(100, NAME, "a name of 1 to 100 letters, digits and _.:/-"),
  input_type: oneOf("float32", "uint8"),
  output_names: [
    (value) => isDistinct(value, 1, 8, NAME) && (value as string[]).includes(FAKE_PROBABILITY),
    `a list of 1 to 8 different names with "${FAKE_PROBABILITY}"`,
  ],
};

/**
 * Reads a description and checks it.
 *
 * @param text the content of `model.json`.
 * @throws DescriptionError naming the key.
 */
export function parseDescription(text: string): ModelDescription {
  const values = parseObject(text);
  checkKeys(values);
  for (const [key, [accepts, wanted]] of Object.entries(CHECKS)) {
    if (key in values && !accepts(values[key])) throw misfit(values, key, wanted);
  }
  const description = describe(values);
  const { numAttentionMaps, clearThreshold, threshold } = description;
  if (mapsOutputs(values).length !== Number(numAttentionMaps > 0)) {
    const wanted = `with "${ATTENTION_MAPS}" or "${BLEND_MAPS}" for ${numAttentionMaps} maps`;
    throw misfit(values, "output_names", wanted);
  }
  if (clearThreshold !== null && clearThreshold > threshold) {
    throw misfit(values, "clear_threshold", "at most `threshold`");
  }
  return description;
}

function parseObject(text: string): Values {
  let values: unknown;
  try {
    values = parseJson(text);
  } catch (error) {
    throw new DescriptionError(`model.json cannot be read as JSON: ${(error as Error).message}`);
  }
  if (typeof values !== "object" || values === null || Array.isArray(values)) {
    throw new DescriptionError("model.json must hold a JSON object.");
  }
  return values as Values;
}

function checkKeys(values: Values): void {
  const version = values.schema_version;
  if (version !== SCHEMA_VERSION && version !== WORDS_SCHEMA_VERSION) {
    throw new DescriptionError(
      `model.json: \`schema_version\` is ${shown(version)}; this page reads ` +
        `${SCHEMA_VERSION} and ${WORDS_SCHEMA_VERSION}. Export the model again.`,
    );
  }
  const keys = new Set([...Object.keys(CHECKS), "schema_version"]);
  if (version === SCHEMA_VERSION) keys.delete("clear_threshold");
  const missing = [...keys].filter((key) => !Object.hasOwn(values, key)).sort();
  if (missing.length) throw new DescriptionError(`model.json lacks ${missing.join(", ")}.`);
  const unknown = Object.keys(values).filter((key) => !keys.has(key));
  if (unknown.length) {
    throw new DescriptionError(`model.json has unknown keys: ${shown(unknown.sort().join(", "))}.`);
  }
}

function mapsOutputs(values: Values): string[] {
  return [ATTENTION_MAPS, BLEND_MAPS].filter((name) =>
    (values.output_names as string[]).includes(name),
  );
}

function describe(values: Values): ModelDescription {
  return {
    quantization: values.quantization as string,
    inputSize: (values.input_size as number[])[0],
    numAttentionMaps: values.num_attention_maps as number,
    mapsOutput: mapsOutputs(values)[0] ?? null,
    marksBlending: mapsOutputs(values)[0] === BLEND_MAPS,
    sha256: values.sha256 as string,
    cropMargin: values.crop_margin as number,
    detector: values.detector as DetectorKind,
    trainingData: values.training_data as string,
    demonstration: values.demonstration as boolean,
    temperature: values.temperature as number,
    threshold: values.threshold as number,
    clearThreshold: (values.clear_threshold as number | undefined) ?? null,
    inputName: values.input_name as string,
    inputType: values.input_type as "float32" | "uint8",
  };
}

function misfit(values: Values, key: string, wanted: string): DescriptionError {
  return new DescriptionError(
    `model.json: \`${key}\` must be ${wanted}. Received: ${key}=${shown(values[key])}`,
  );
}
