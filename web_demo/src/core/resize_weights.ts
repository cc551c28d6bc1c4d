/**
 * The whole-number weights of `keras_madd/faces/crop.py`, step 3, along one axis.
 *
 * Result `i` is the sum of source pixels `first[i]` to `last[i]`, each times `of(i, source)`; the
 * weights of each result add up to `unit`.
 */
export class ResizeWeights {
  readonly first: Int32Array;
  readonly last: Int32Array;
  /** What the weights of a result add up to. */
  unit = 0;
  private readonly firstWeight: Int32Array;
  private readonly lastWeight: Int32Array;
  private side = 0;

  constructor(private readonly size: number) {
    this.first = new Int32Array(size);
    this.last = new Int32Array(size);
    this.firstWeight = new Int32Array(size);
    this.lastWeight = new Int32Array(size);
  }

  /** Makes the table for a number of source pixels, unless it is there already. */
  prepare(side: number): void {
    if (side === this.side) return;
    this.side = side;
    if (side <= 2 * this.size) this.prepareBilinear();
    else this.prepareArea();
  }

  /** Returns the weight of a source pixel, from `first` to `last`, in a result. */
  of(result: number, source: number): number {
    if (source === this.first[result]) return this.firstWeight[result];
    return source === this.last[result] ? this.lastWeight[result] : this.size;
  }

  /**
   * Resizes one row of pixels; the sums are at most `255 * unit`.
   *
   * @param rgba four bytes for each source pixel.
   * @param into receives red, green, blue of each result.
   */
  resize(rgba: Uint8Array, into: Int32Array): void {
    let target = 0;
    for (let i = 0; i < this.size; i++) {
      let index = 4 * this.first[i];
      const end = 4 * this.last[i];
      let weight = this.firstWeight[i];
      let red = weight * rgba[index];
      let green = weight * rgba[index + 1];
      let blue = weight * rgba[index + 2];
      for (index += 4; index <= end; index += 4) {
        weight = index === end ? this.lastWeight[i] : this.size;
        red += weight * rgba[index];
        green += weight * rgba[index + 1];
        blue += weight * rgba[index + 2];
      }
      into[target++] = red;
      into[target++] = green;
      into[target++] = blue;
    }
  }

  private prepareBilinear(): void {
    const { side, size } = this;
    const unit = (this.unit = 2 * size);
    for (let i = 0; i < size; i++) {
      const position = Math.min(Math.max((2 * i + 1) * side - size, 0), unit * (side - 1));
      const fraction = position % unit;
      this.first[i] = (position - fraction) / unit;
      this.last[i] = this.first[i] + (fraction > 0 ? 1 : 0);
      this.firstWeight[i] = unit - fraction;
      this.lastWeight[i] = fraction;
    }
  }

  private prepareArea(): void {
    const { side, size } = this;
    this.unit = side;
    for (let i = 0; i < size; i++) {
      const start = i * side;
      const end = start + side;
      this.first[i] = Math.floor(start / size);
      this.last[i] = Math.floor((end - 1) / size);
      this.firstWeight[i] = (this.first[i] + 1) * size - start;
      this.lastWeight[i] = end - this.last[i] * size;
    }
  }
}
