import type { ScoredFace } from "../core/scored_face.ts";
import type { LiveFrame } from "../media/live.ts";
import type { ScoredVideo } from "../media/score_video.ts";

/** What the page has scored, for scripts of whoever puts it into another page. */
interface Scored {
  faces?: readonly ScoredFace[];
  video?: ScoredVideo;
  live?: LiveFrame;
}

/** Tells them, as `keras-madd-scored` on `document`. */
export function announce(detail: Scored): void {
  document.dispatchEvent(new CustomEvent("keras-madd-scored", { detail }));
}
