const MOST_OPAQUE = 190;
const MOST_GREEN = 220;

/** Attention maps of a face: `height * width * count` values with `count` innermost. */
export interface AttentionMaps {
  readonly values: Float32Array;
  readonly height: number;
  readonly width: number;
  readonly count: number;
  /** The value that is drawn at full strength; null: the largest there is. */
  readonly fullScale: number | null;
}

/**
 * Turns attention maps into see-through colours: nothing where there is no attention, yellow to
 * red and opaque where there is most, or from `fullScale` on. The same colours as on the phone.
 *
 * @param selected the map to show, or null for the sum of all.
 * @returns red, green, blue, alpha of each cell, row by row.
 */
export function heatColors(
  maps: AttentionMaps,
  selected: number | null,
): Uint8ClampedArray<ArrayBuffer> {
  const { values, height, width, count, fullScale } = maps;
  if (selected !== null && !(selected >= 0 && selected < count)) {
    throw new RangeError(
      `\`selected\` must be a map, 0 to ${count - 1}, or null. Received: selected=${selected}`,
    );
  }
  const cells = new Float32Array(height * width);
  let largest = 0;
  for (let cell = 0; cell < cells.length; cell++) {
    const first = selected === null ? 0 : selected;
    const end = selected === null ? count : selected + 1;
    for (let map = first; map < end; map++) {
      const value = values[cell * count + map];
      if (value > 0) cells[cell] += value;
    }
    largest = Math.max(largest, cells[cell]);
  }
  const full = fullScale ?? largest;
  const colors = new Uint8ClampedArray(4 * cells.length);
  cells.forEach((value, cell) => {
    const share = full > 0 ? Math.min(1, value / full) : 0;
    colors[4 * cell] = 255;
    colors[4 * cell + 1] = Math.floor(MOST_GREEN * (1 - share));
    colors[4 * cell + 3] = Math.floor(MOST_OPAQUE * share);
  });
  return colors;
}
