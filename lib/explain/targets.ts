// Which classes are explained, and what the model says of them.
import { BitError, invalid } from '../errors';
import type { BitConfig } from '../models/bit_config';
import { didYouMean } from '../nearest';
import { labelOf } from '../pipelines/scores';
import type { Target } from './options';

/**
 * A class of one image, and what the model says of it.
 * @category Explanations
 */
export interface ExplainedClass {
  /** Its place in the logits. */
  index: number;
  /** Its name. */
  label: string;
  /** The probability, as a pipeline gives it. */
  score: number;
  /** The mean of the map, plus the bias. */
  logit: number;
  /** The head's own part in the logit, which no pixel has. */
  bias: number;
}

/**
 * The index of each target in the logits.
 * @throws BitError ERR_BIT_CONFIG for a class that the model does not have.
 */
export function indicesOf(targets: readonly Target[], config: BitConfig): number[] {
  return targets.map((target) => indexOf(target, config));
}

function indexOf(target: Target, config: BitConfig): number {
  const { numLabels } = config;
  if (typeof target === 'number') {
    if (target < numLabels) return target;
    throw invalid('ERR_BIT_CONFIG', 'target', `a class from 0 to ${numLabels - 1}`, target);
  }
  const labels = Array.from({ length: numLabels }, (_, index) => labelOf(config, index));
  const index = labels.indexOf(target);
  if (index >= 0) return index;
  const { message } = invalid('ERR_BIT_CONFIG', 'target', "one of the model's labels", target);
  throw new BitError('ERR_BIT_CONFIG', `${message}${didYouMean(target, labels)}`);
}

/** The places of the `count` largest of some logits, the largest first. */
export function best(logits: Float32Array, count: number): number[] {
  return Array.from(logits.keys())
    .sort((a, b) => (logits[b] as number) - (logits[a] as number))
    .slice(0, count);
}
