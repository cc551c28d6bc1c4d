/** A rectangle in whole pixels; it may reach outside its picture. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Pixels as canvases give them: red, green, blue, alpha of each, row by row. */
export interface RgbaFrame {
  readonly data: Uint8Array | Uint8ClampedArray;
  readonly width: number;
  readonly height: number;
}
