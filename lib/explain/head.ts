// The rows of a classifier's head, read as they are asked for: a head of 21,843 classes has hundreds of megabytes.
import type { NativeSession } from '../binding/types';

/** The head's place in the state dict. */
const HEAD = 'classifier.1';

/** Of one class: what each channel of the last map counts for it, and what it starts from. */
export interface HeadRow {
  /** [C]. */
  weight: Float32Array;
  bias: number;
}

export class HeadRows {
  private readonly rows = new Map<number, HeadRow>();

  constructor(private readonly session: Pick<NativeSession, 'parameterRows'>) {}

  /** @throws BitError ERR_BIT_DISPOSED. */
  async of(classes: readonly number[]): Promise<ReadonlyMap<number, HeadRow>> {
    const lacking = [...new Set(classes)].filter((each) => !this.rows.has(each));
    if (lacking.length === 0) return this.rows;
    const [weight, bias] = await Promise.all([
      this.session.parameterRows(`${HEAD}.weight`, lacking),
      this.session.parameterRows(`${HEAD}.bias`, lacking),
    ]);
    const width = weight.data.length / lacking.length;
    lacking.forEach((each, row) =>
      this.rows.set(each, {
        weight: (weight.data as Float32Array).subarray(row * width, (row + 1) * width),
        bias: (bias.data as Float32Array)[row] as number,
      }),
    );
    return this.rows;
  }
}
