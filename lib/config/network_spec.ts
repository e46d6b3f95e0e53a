// The numbers of a config that define the network, and the widths that follow from them.
import type { NetworkSpec } from '../binding/types';
import { BitError } from '../errors';
import type { BitConfigFields } from './bit_config_fields';

/** Channel counts are multiples of this, and lose at most a tenth (BiT's make_div). */
const CHANNEL_MULTIPLE = 8;
const MAX_LOSS = 0.9;
/** Width of a block's inner convolutions relative to its output (transformers' bottle_ratio). */
const BOTTLE_RATIO = 0.25;

type Numbers = Omit<BitConfigFields, 'id2label' | 'label2id' | 'numLabels'>;

/** Rounds a width to a multiple of 8, never losing more than a tenth. */
export function makeDiv(width: number): number {
  const nearest = Math.floor((width + CHANNEL_MULTIPLE / 2) / CHANNEL_MULTIPLE) * CHANNEL_MULTIPLE;
  const rounded = Math.max(CHANNEL_MULTIPLE, nearest);
  return rounded < MAX_LOSS * width ? rounded + CHANNEL_MULTIPLE : rounded;
}

/** Hidden sizes of the stages that there are; hybrid transformers' configs list one more. */
function stageSizes({ hiddenSizes, depths }: Pick<Numbers, 'hiddenSizes' | 'depths'>): number[] {
  return hiddenSizes.slice(0, depths.length);
}

/** Of all hidden sizes, those that no stage uses too: times the width factor, rounded. */
export function allWidths({
  hiddenSizes,
  widthFactor,
}: Pick<Numbers, 'hiddenSizes' | 'widthFactor'>): number[] {
  return hiddenSizes.map((size) => makeDiv(size * widthFactor));
}

/** Output channels of each stage. */
export function stageWidths(
  config: Pick<Numbers, 'hiddenSizes' | 'depths' | 'widthFactor'>,
): number[] {
  return allWidths({ ...config, hiddenSizes: stageSizes(config) });
}

/**
 * What the native network is made from.
 * @param numLabels outputs of the head; null for no head.
 */
export function networkSpec(config: Numbers, numLabels: number | null): NetworkSpec {
  return {
    numChannels: config.numChannels,
    embeddingSize: config.embeddingSize,
    hiddenSizes: stageSizes(config),
    depths: [...config.depths],
    layerType: config.layerType,
    hiddenAct: config.hiddenAct,
    globalPadding: config.globalPadding,
    numGroups: config.numGroups,
    dropPathRate: config.dropPathRate,
    embeddingDynamicPadding: config.embeddingDynamicPadding,
    outputStride: config.outputStride,
    widthFactor: config.widthFactor,
    numLabels,
  };
}

/**
 * Checks that numGroups divides the channels of every group norm.
 * @throws BitError ERR_BIT_CONFIG naming the first width that it does not divide.
 */
export function checkGroups(config: Numbers): void {
  const widths = stageWidths(config);
  const inner = widths.map((width) => makeDiv(width * BOTTLE_RATIO));
  // The stem's channels are normalised by its own norm or by the first block's.
  const normalised: [string, number][] = [
    ['embeddingSize', config.embeddingSize],
    ...widths.map((width, i): [string, number] => [`stage ${i + 1}`, width]),
    ...inner.map((width, i): [string, number] => [
      `the inner convolutions of stage ${i + 1}`,
      width,
    ]),
  ];
  const bad = normalised.find(([, width]) => width % config.numGroups !== 0);
  if (!bad) return;
  throw new BitError(
    'ERR_BIT_CONFIG',
    `Expected numGroups (num_groups in JSON) to divide every width but ${config.numGroups} does not ` +
      `divide the ${bad[1]} channels of ${bad[0]}`,
  );
}
