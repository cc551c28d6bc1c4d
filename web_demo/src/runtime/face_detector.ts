/** Face detection with BlazeFace: the twin of `keras_madd.faces.FaceDetector`. */
import type { Box } from "../core/box.ts";
import type { FaceModel, FaceModelChoice } from "../core/face_model_choice.ts";
import type { DetectorKind } from "../core/model_description.ts";
import { LEAST_CONFIDENCE, areOneFace, hasSmallFaces, partsOf } from "../core/picture_parts.ts";
import type { Assets } from "./assets.ts";
import { BlazeFace } from "./blaze_face.ts";
import { breath } from "./breath.ts";

const ORDER: Record<DetectorKind, readonly FaceModel[]> = {
  short: ["short"],
  full: ["full"],
  auto: ["short", "full"],
};
const FILES: Record<FaceModel, string> = {
  short: "faces/face_detection_short_range.tflite",
  full: "faces/face_detection_full_range_sparse.tflite",
};
/** Larger pictures do not fit into a texture everywhere; faces are found in a smaller copy. */
const MAX_TEXTURE = 8192;

/** A detected face. */
export interface Face {
  readonly box: Box;
  /** The detector's confidence, 0 to 1. */
  readonly score: number;
}

/** Finds faces in single pictures. */
export class FaceDetector {
  private readonly models = new Map<FaceModel, BlazeFace>();

  private constructor(
    private readonly kind: DetectorKind,
    private readonly assets: Assets,
  ) {}

  /** Loads the first of the models; the other follows when it is needed. */
  static async create(kind: DetectorKind, assets: Assets): Promise<FaceDetector> {
    const detector = new FaceDetector(kind, assets);
    const model = await detector.model(ORDER[kind][0]);
    // The first run takes longer than all that follow.
    const blank = document.createElement("canvas");
    blank.width = blank.height = 64;
    model.detect(blank);
    return detector;
  }

  /**
   * Returns the faces of a picture, largest box first; empty where there is none.
   *
   * @param choice of the video that the picture is from; it is told what came of it. Only `"auto"`
   *   has a choice.
   * @param inParts whether a large picture without a large face is searched in parts, too.
   * @param signal ends the search in parts early; what was found so far counts.
   */
  async detect(
    picture: HTMLCanvasElement,
    choice?: FaceModelChoice,
    inParts = false,
    signal?: AbortSignal,
  ): Promise<Face[]> {
    const models = (this.kind === "auto" && choice?.models) || ORDER[this.kind];
    let found: FaceModel | null = null;
    let faces: Face[] = [];
    const within = withinTexture(picture);
    for (const model of models) {
      faces = await this.run(model, ...within);
      if (faces.length) {
        found = model;
        break;
      }
    }
    if (this.kind === "auto") choice?.update(found);
    if (inParts && this.kind !== "short") faces.push(...(await this.small(picture, faces, signal)));
    const area = ({ box }: Face) => box.width * box.height;
    return faces.sort((a, b) => area(b) - area(a) || b.score - a.score);
  }

  /** Further faces, seen in the parts of a picture. */
  private async small(
    picture: HTMLCanvasElement,
    found: readonly Face[],
    signal?: AbortSignal,
  ): Promise<Face[]> {
    const { width, height } = picture;
    const seen: Face[] = [];
    if (!hasSmallFaces(width, height, boxesOf(found))) return seen;
    const canvas = document.createElement("canvas");
    for (const part of partsOf(width, height)) {
      await breath(); // Of a large picture there are a hundred.
      if (signal?.aborted) break;
      canvas.width = part.width;
      canvas.height = part.height;
      canvas.getContext("2d")!.drawImage(picture, -part.x, -part.y);
      for (const { box, score } of await this.run("full", canvas, 1)) {
        if (score < LEAST_CONFIDENCE) continue;
        seen.push({ box: { ...box, x: box.x + part.x, y: box.y + part.y }, score });
      }
    }
    const further: Face[] = [];
    for (const face of seen.sort((a, b) => b.score - a.score)) {
      const known = boxesOf([...found, ...further]);
      if (!known.some((box) => areOneFace(face.box, box))) further.push(face);
    }
    return further;
  }

  /** The faces of an image, in pixels of the picture that it is a copy of at this scale. */
  private async run(name: FaceModel, image: HTMLCanvasElement, scale: number): Promise<Face[]> {
    for (let attempt = 0; attempt < 2; attempt++) {
      const model = await this.model(name);
      const detections = model.detect(image);
      // A browser may tell of a lost context in a turn of its own.
      if (!detections.length) await breath();
      if (!detections.length && model.isLost) continue;
      return detections.map(({ boundingBox, categories }) => ({
        box: scaled(boundingBox!, scale),
        score: categories[0].score,
      }));
    }
    throw new Error("the browser took the WebGL context away, twice");
  }

  /** Returns a model whose context is there: the one that was made before, or a new one. */
  private async model(name: FaceModel): Promise<BlazeFace> {
    const made = this.models.get(name);
    if (made && !made.isLost) return made;
    this.models.delete(name);
    made?.close();
    const model = await BlazeFace.create(await this.assets.read(FILES[name]));
    this.models.set(name, model);
    return model;
  }
}

function boxesOf(faces: readonly Face[]): Box[] {
  return faces.map(({ box }) => box);
}

function withinTexture(picture: HTMLCanvasElement): [HTMLCanvasElement, number] {
  const scale = MAX_TEXTURE / Math.max(picture.width, picture.height);
  if (scale >= 1) return [picture, 1];
  const smaller = document.createElement("canvas");
  smaller.width = Math.round(scale * picture.width);
  smaller.height = Math.round(scale * picture.height);
  smaller.getContext("2d")!.drawImage(picture, 0, 0, smaller.width, smaller.height);
  return [smaller, scale];
}

function scaled(
  box: { originX: number; originY: number; width: number; height: number },
  scale: number,
): Box {
  return {
    x: Math.trunc(box.originX / scale),
    y: Math.trunc(box.originY / scale),
    width: Math.trunc(box.width / scale),
    height: Math.trunc(box.height / scale),
  };
}
