// The fields of transformers' BitConfig: type, JSON key, default and check of each.
import { ACTIVATIONS } from './activations';
import { anything, boolean, fraction, listOf, nullable, oneOf, size, sizes } from './checks';
import { fieldNames, type FieldTable } from './fields';
import type { LabelFields } from './labels';

/**
 * Every field, as it is after construction; what init leaves out gets transformers' default.
 * @category Models
 */
export interface BitConfigFields {
  /** Channels of the input image; default 3. */
  numChannels: number;
  /** Channels of the stem; default 64. */
  embeddingSize: number;
  /** Channels of each stage, before widthFactor; default [256, 512, 1024, 2048]. */
  hiddenSizes: number[];
  /** Blocks of each stage; default [3, 4, 6, 3]. */
  depths: number[];
  /** 'preactivation' (default) is BiT; 'bottleneck' the backbone of hybrid transformers. */
  layerType: 'preactivation' | 'bottleneck';
  /** One of transformers' activation names; default 'relu'. */
  hiddenAct: string;
  /** null (default) pads symmetrically, 'SAME' as TensorFlow does, 'VALID' not at all. */
  globalPadding: 'SAME' | 'VALID' | null;
  /** Groups of every group norm, which divide all widths; default 32. */
  numGroups: number;
  /** Chance of the last block to be left out in training; falls linearly to 0 at the first. Default 0. */
  dropPathRate: number;
  /** SAME padding of the stem's pool; default false. */
  embeddingDynamicPadding: boolean;
  /** Largest ratio of input to map size; later strides become 1. Default 32. */
  outputStride: number;
  /** Multiplies every stage's width; default 1. */
  widthFactor: number;
  /** Feature maps of a backbone by name: 'stem', 'stage1', …; default the last stage. */
  outFeatures: string[];
  /** The same by place; negative ones count from the end. */
  outIndices: number[];
  /** Outputs of a classifier; default 2, or as many as there are names. */
  numLabels: number;
  /** Names of the outputs by their place; default 'LABEL_0', 'LABEL_1', … */
  id2label: Record<number, string>;
  /** Places of the outputs by their name; follows from id2label. */
  label2id: Record<string, number>;
  /** The loss; null (default) infers it from the labels. */
  problemType: 'regression' | 'single_label_classification' | 'multi_label_classification' | null;
  /** Return hidden states where a call does not say; default false. */
  outputHiddenStates: boolean;
}

/** What the table cannot fill by itself: these depend on other fields. */
type Derived = Pick<BitConfigFields, 'outFeatures' | 'outIndices' | keyof LabelFields>;
/** Fields as they are given, where null is for what follows from others. */
export type GivenFields = Omit<BitConfigFields, keyof Derived> & {
  [K in keyof Derived]: Derived[K] | null;
};

const LAYER_TYPES = ['preactivation', 'bottleneck'];
const PADDINGS = [null, 'SAME', 'VALID'];
const PROBLEM_TYPES = ['regression', 'single_label_classification', 'multi_label_classification'];

export const FIELDS: FieldTable<GivenFields> = {
  numChannels: { key: 'num_channels', initial: () => 3, check: size },
  embeddingSize: { key: 'embedding_size', initial: () => 64, check: size },
  hiddenSizes: { key: 'hidden_sizes', initial: () => [256, 512, 1024, 2048], check: sizes },
  depths: { key: 'depths', initial: () => [3, 4, 6, 3], check: sizes },
  layerType: { key: 'layer_type', initial: () => 'preactivation', check: oneOf(...LAYER_TYPES) },
  hiddenAct: { key: 'hidden_act', initial: () => 'relu', check: oneOf(...ACTIVATIONS) },
  globalPadding: { key: 'global_padding', initial: () => null, check: oneOf(...PADDINGS) },
  numGroups: { key: 'num_groups', initial: () => 32, check: size },
  dropPathRate: { key: 'drop_path_rate', initial: () => 0, check: fraction },
  embeddingDynamicPadding: {
    key: 'embedding_dynamic_padding',
    initial: () => false,
    check: boolean,
  },
  outputStride: { key: 'output_stride', initial: () => 32, check: size },
  widthFactor: { key: 'width_factor', initial: () => 1, check: size },
  outFeatures: {
    key: 'out_features',
    initial: () => null,
    check: nullable(listOf('stage names', (name) => typeof name === 'string')),
  },
  outIndices: {
    key: 'out_indices',
    initial: () => null,
    check: nullable(listOf('integers', Number.isSafeInteger)),
  },
  numLabels: { key: 'num_labels', initial: () => null, check: anything },
  id2label: { key: 'id2label', initial: () => null, check: anything },
  label2id: { key: 'label2id', initial: () => null, check: anything },
  problemType: {
    key: 'problem_type',
    initial: () => null,
    check: nullable(oneOf(...PROBLEM_TYPES)),
  },
  outputHiddenStates: { key: 'output_hidden_states', initial: () => false, check: boolean },
};

/** For options that are fields of a config, which checks them itself. */
export const CONFIG_FIELDS = fieldNames<BitConfigFields>(FIELDS as FieldTable<BitConfigFields>);
