// The table of models: the released family (Kolesnikov et al. 2019, table 1; google-research/big_transfer).

/** The small model in the package, used where no source is named. */
export const DEFAULT_MODEL = 'bit-mini-scenes';

/** A published architecture. */
export interface Variant {
  name: string;
  /** Blocks of each stage. */
  depths: readonly [number, number, number, number];
  /** Multiplies 64 channels of the stem and 256, 512, 1024, 2048 of the stages. */
  width: number;
  /** Its repository on the Hugging Face hub, where there is one for transformers. */
  hubId?: string;
}

export const VARIANTS: readonly Variant[] = [
  { name: 'R50x1', depths: [3, 4, 6, 3], width: 1, hubId: 'google/bit-50' },
  { name: 'R50x3', depths: [3, 4, 6, 3], width: 3 },
  { name: 'R101x1', depths: [3, 4, 23, 3], width: 1 },
  { name: 'R101x3', depths: [3, 4, 23, 3], width: 3 },
  { name: 'R152x2', depths: [3, 8, 36, 3], width: 2 },
  { name: 'R152x4', depths: [3, 8, 36, 3], width: 4 },
];
