// The table of models: the released family (Kolesnikov et al. 2019, table 1; google-research/big_transfer).
import type { BitConfigFields } from './bit_config_fields';

/** Labels of the heads: ILSVRC-2012 (BiT-S, and everything fine-tuned) and ImageNet-21k (BiT-M). */
export const HEAD_SIZES = { ilsvrc2012: 1000, imagenet21k: 21843 } as const;

/** A published architecture. */
export interface Variant {
  name: string;
  /** Blocks of each stage. */
  depths: readonly [number, number, number, number];
  /** Multiplies the channels of the stem and of the stages. */
  width: number;
  /** Side of the images that the fine-tuned weights are for, in pixels. */
  fineTunedSide: number;
  /** Its repositories on the Hugging Face hub, transformers' before timm's. */
  hubIds: readonly string[];
}

/** Channels at width 1. */
const STEM_CHANNELS = 64;
const STAGE_CHANNELS = [256, 512, 1024, 2048];

/** timm's ids: pre-trained on ImageNet-21k, and fine-tuned on ILSVRC-2012 from there. */
const timm = (name: string) =>
  ['goog_in21k', 'goog_in21k_ft_in1k'].map((weights) => `timm/resnetv2_${name}_bit.${weights}`);

/** Distilled into R50x1 from the R152x2 teachers (Beyer et al. 2021, arXiv 2106.05237). */
const DISTILLED = 'timm/resnetv2_50x1_bit.goog_distilled_in1k';
const TEACHERS = [
  'timm/resnetv2_152x2_bit.goog_teacher_in21k_ft_in1k',
  'timm/resnetv2_152x2_bit.goog_teacher_in21k_ft_in1k_384',
];

export const VARIANTS: readonly Variant[] = [
  {
    name: 'R50x1',
    depths: [3, 4, 6, 3],
    width: 1,
    fineTunedSide: 448,
    hubIds: ['google/bit-50', ...timm('50x1'), DISTILLED],
  },
  { name: 'R50x3', depths: [3, 4, 6, 3], width: 3, fineTunedSide: 448, hubIds: timm('50x3') },
  { name: 'R101x1', depths: [3, 4, 23, 3], width: 1, fineTunedSide: 448, hubIds: timm('101x1') },
  { name: 'R101x3', depths: [3, 4, 23, 3], width: 3, fineTunedSide: 448, hubIds: timm('101x3') },
  {
    name: 'R152x2',
    depths: [3, 8, 36, 3],
    width: 2,
    fineTunedSide: 448,
    hubIds: [...timm('152x2'), ...TEACHERS],
  },
  { name: 'R152x4', depths: [3, 8, 36, 3], width: 4, fineTunedSide: 480, hubIds: timm('152x4') },
];

/** The fields of a BitConfig in which the variants differ; widths are already multiplied. */
export function variantFields({
  depths,
  width,
}: Variant): Pick<BitConfigFields, 'embeddingSize' | 'hiddenSizes' | 'depths'> {
  return {
    embeddingSize: STEM_CHANNELS * width,
    hiddenSizes: STAGE_CHANNELS.map((channels) => channels * width),
    depths: [...depths],
  };
}
