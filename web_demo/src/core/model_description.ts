/**
 * `model.json`: what must be known about an exported file to run it right. The reader is strict,
 * as `keras_madd/inference/model_description.py`: a key too few or too many is an error.
 */
export const SCHEMA_VERSION = 2;
/** The same with `clear_threshold`. */
export const WORDS_SCHEMA_VERSION = 3;
export const FAKE_PROBABILITY = "fake_probability";
export const ATTENTION_MAPS = "attention_maps";

export type DetectorKind = "auto" | "short" | "full";

/** The content of a `model.json` that this page can run. */
export interface ModelDescription {
  readonly quantization: string;
  /** Side of the square input in pixels. */
  readonly inputSize: number;
  readonly numAttentionMaps: number;
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

type Check = [accepts: (value: unknown) => boolean, wanted: string];

const isText = (value: unknown): value is string => typeof value === "string";
const isNumber = (value: unknown): value is number => Number.isFinite(value);
const isCount = (value: unknown): value is number => Number.isInteger(value) && Number(value) >= 0;
const isTexts = (value: unknown): value is string[] => Array.isArray(value) && value.every(isText);
const isSame = (wanted: unknown) => (value: unknown) =>
  JSON.stringify(value) === JSON.stringify(wanted);
const isOneOf =
  (...wanted: string[]) =>
  (value: unknown) =>
    isText(value) && wanted.includes(value);

const isShare = (value: unknown) => isNumber(value) && value >= 0 && value <= 1;

const CHECKS: Record<string, Check> = {
  format: [isSame("litert"), '"litert"'],
  quantization: [isText, "a string"],
  input_size: [
    (value) =>
      Array.isArray(value) &&
      value.length === 2 &&
      value.every((each) => each > 0 && isCount(each)) &&
      value[0] === value[1],
    "[height, width], whole numbers and equal, as faces are cut out square",
  ],
  num_attention_maps: [isCount, "a whole number, 0 or more"],
  sha256: [(value) => isText(value) && /^[0-9a-f]{64}$/.test(value), "64 hexadecimal digits"],
  batch: [isSame(1), "1"],
  classes: [(value) => isTexts(value) && value.length >= 2, "a list of two or more names"],
  crop_margin: [
    (value) => isNumber(value) && value > 0 && value < 10,
    "a number above 0 and below 10",
  ],
  detector: [isOneOf("auto", "short", "full"), '"auto", "short" or "full"'],
  training_data: [isText, "a string"],
  demonstration: [(value) => typeof value === "boolean", "true or false"],
  temperature: [(value) => isNumber(value) && value > 0, "a number above 0"],
  threshold: [isShare, "a number from 0 to 1"],
  clear_threshold: [isShare, "a number from 0 to 1"],
  metrics: [
    (value) => typeof value === "object" && value !== null && !Array.isArray(value),
    "an object",
  ],
  color_order: [isSame("RGB"), '"RGB"'],
  pixel_range: [isSame([0, 255]), "[0, 255]"],
  input_name: [isText, "a string"],
  input_type: [isOneOf("float32", "uint8"), '"float32" or "uint8"'],
  output_names: [
    (value) => isTexts(value) && value.includes(FAKE_PROBABILITY),
    `a list of names with "${FAKE_PROBABILITY}"`,
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
  const version = values.schema_version;
  if (version !== SCHEMA_VERSION && version !== WORDS_SCHEMA_VERSION) {
    throw new DescriptionError(
      `model.json has schema version ${JSON.stringify(version)}; this page reads ` +
        `${SCHEMA_VERSION} and ${WORDS_SCHEMA_VERSION}. Export the model again.`,
    );
  }
  const keys = new Set([...Object.keys(CHECKS), "schema_version"]);
  if (version === SCHEMA_VERSION) keys.delete("clear_threshold");
  const missing = [...keys].filter((key) => !(key in values)).sort();
  if (missing.length) throw new DescriptionError(`model.json lacks ${missing.join(", ")}.`);
  const unknown = Object.keys(values)
    .filter((key) => !keys.has(key))
    .sort();
  if (unknown.length) {
    throw new DescriptionError(`model.json has unknown keys: ${unknown.join(", ")}.`);
  }
  for (const [key, [accepts, wanted]] of Object.entries(CHECKS)) {
    if (keys.has(key) && !accepts(values[key])) throw misfit(key, wanted, values[key]);
  }
  const description = describe(values);
  const hasMaps = (values.output_names as string[]).includes(ATTENTION_MAPS);
  if (hasMaps !== description.numAttentionMaps > 0) {
    throw misfit(
      "output_names",
      `with "${ATTENTION_MAPS}" where \`num_attention_maps\` is above 0`,
      values.output_names,
    );
  }
  if (description.clearThreshold !== null && description.clearThreshold > description.threshold) {
    throw misfit("clear_threshold", "at most `threshold`", values.clear_threshold);
  }
  return description;
}

function describe(values: Record<string, unknown>): ModelDescription {
  return {
    quantization: values.quantization as string,
    inputSize: (values.input_size as number[])[0],
    numAttentionMaps: values.num_attention_maps as number,
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

function parseObject(text: string): Record<string, unknown> {
  let values: unknown;
  try {
    values = JSON.parse(text);
  } catch (error) {
    throw new DescriptionError(`model.json cannot be read as JSON: ${(error as Error).message}`);
  }
  if (typeof values !== "object" || values === null || Array.isArray(values)) {
    throw new DescriptionError("model.json must hold a JSON object.");
  }
  return values as Record<string, unknown>;
}

function misfit(key: string, wanted: string, value: unknown): DescriptionError {
  return new DescriptionError(
    `model.json: \`${key}\` must be ${wanted}. Received: ${key}=${JSON.stringify(value)}`,
  );
}
