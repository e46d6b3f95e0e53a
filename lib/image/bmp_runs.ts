// Run lengths of bitmaps (BI_RLE8 and BI_RLE4 in Microsoft's documentation), to indices into the palette.
import { truncated } from './rows';

/** After a run of no pixels: the end of a row, of the picture, a move, or so many pixels as they are. */
const END_OF_ROW = 0;
const END_OF_PICTURE = 1;
const MOVE = 2;

/** The rows of a picture, one after the other in the file's order; what no run writes is index 0. */
export class RunRows {
  private at = 0;
  private column = 0;
  /** Rows that a move passes over, before the one in which it ends. */
  private passedOver = 0;
  private isOver = false;

  /** @param packed from the first run on. @param isRle4 whether a byte has two pixels. */
  constructor(
    private readonly packed: Uint8Array,
    private readonly width: number,
    private readonly isRle4: boolean,
  ) {}

  /** @throws BitError ERR_BIT_IMAGE where the runs end before the row does. */
  next(): Uint8Array {
    const row = new Uint8Array(this.width);
    if (this.passedOver > 0) this.passedOver--;
    else while (!this.isOver && this.readRun(row));
    return row;
  }

  /** @returns whether the row goes on. */
  private readRun(row: Uint8Array): boolean {
    if (this.at >= this.packed.length && this.column >= this.width) {
      // The last row needs no end; another one finds nothing.
      this.column = 0;
      return false;
    }
    const count = this.byte();
    const value = this.byte();
    if (count > 0) this.put(row, count, () => value);
    else if (value === END_OF_PICTURE) this.isOver = true;
    else if (value === END_OF_ROW) {
      this.column = 0;
      return false;
    } else if (value === MOVE) {
      this.column += this.byte();
      const rows = this.byte();
      this.passedOver = Math.max(0, rows - 1);
      return rows === 0;
    } else this.putLiteral(row, value);
    return true;
  }

  private putLiteral(row: Uint8Array, count: number): void {
    const bytes = this.isRle4 ? Math.ceil(count / 2) : count;
    const literal = this.packed.subarray(this.at, this.at + bytes);
    if (literal.length < bytes) truncated();
    this.put(row, count, (i) => literal[this.isRle4 ? i >> 1 : i] as number);
    // To an even place. (Of an odd number in RLE4 Pillow drops the last.)
    this.at += bytes + (bytes % 2);
  }

  /** What runs over the row's end is dropped. */
  private put(row: Uint8Array, count: number, byte: (i: number) => number): void {
    for (let i = 0; i < count; i++, this.column++) {
      const value = byte(i);
      const index = !this.isRle4 ? value : i % 2 === 0 ? value >> 4 : value & 0x0f;
      if (this.column < this.width) row[this.column] = index;
    }
  }

  private byte(): number {
    return this.at < this.packed.length ? (this.packed[this.at++] as number) : truncated();
  }
}
