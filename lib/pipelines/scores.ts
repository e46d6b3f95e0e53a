// Logits → ranked labels, as transformers' image-classification pipeline does it.
import type { Check } from '../config/checks';
import { invalid } from '../errors';
import type { BitConfig } from '../models/bit_config';
import type { Tensor } from '../tensor';

/**
 * One label with its probability, or its logit where no function is applied.
 * @category Pipelines
 */
export interface Classification {
  /** Its name in the config's id2label. */
  label: string;
  /** From 0 to 1, or a logit. */
  score: number;
}

/**
 * What becomes of logits: transformers' ClassificationFunction.
 * @category Pipelines
 */
export type FunctionToApply = 'softmax' | 'sigmoid' | 'none';

type Activation = (logits: Float32Array) => Float32Array;

const ACTIVATIONS: Readonly<Record<FunctionToApply, Activation>> = {
  sigmoid: (logits) => logits.map((x) => 1 / (1 + Math.exp(-x))),
  softmax: (logits) => {
    const largest = logits.reduce((a, b) => Math.max(a, b), -Infinity);
    const exps = logits.map((x) => Math.exp(x - largest));
    const total = exps.reduce((a, b) => a + b, 0);
    return exps.map((x) => x / total);
  },
  none: (logits) => logits,
};

/** In any case of letters, as transformers takes it; null for the model's own. */
export const functionToApply: Check = {
  expected: `one of ${Object.keys(ACTIVATIONS).join(', ')}, or null`,
  test: (value) =>
    value === null ||
    (typeof value === 'string' && Object.hasOwn(ACTIVATIONS, value.toLowerCase())),
};

/** By the config, as transformers chooses: its own function_to_apply counts only where there is no label. */
function functionOf(config: BitConfig): FunctionToApply {
  const { problemType, numLabels } = config;
  if (problemType === 'multi_label_classification' || numLabels === 1) return 'sigmoid';
  if (problemType === 'single_label_classification' || numLabels > 1) return 'softmax';
  const own = config.toJSON()['function_to_apply'] ?? 'none';
  if (functionToApply.test(own)) return own as FunctionToApply;
  throw invalid('ERR_BIT_CONFIG', 'function_to_apply', functionToApply.expected, own);
}

/** The name of a class; LABEL_n for one that the config does not name. */
export function labelOf(config: Pick<BitConfig, 'id2label'>, index: number): string {
  return config.id2label[index] ?? `LABEL_${index}`;
}

/** The score of every class, for each row of `logits` [N, numLabels]. */
export function scoresOf(
  logits: Tensor,
  config: BitConfig,
  wanted?: FunctionToApply | null,
): Float32Array[] {
  const [count = 0, labels = 0] = logits.shape;
  const values = logits.toFloat32().data as Float32Array;
  const name = (wanted ?? functionOf(config)).toLowerCase() as FunctionToApply;
  return Array.from({ length: count }, (_, row) =>
    ACTIVATIONS[name](values.subarray(row * labels, (row + 1) * labels)),
  );
}

/** The `topK` best labels of each row of `logits` [N, numLabels], best first. */
export function rank(
  logits: Tensor,
  config: BitConfig,
  topK: number,
  wanted?: FunctionToApply | null,
): Classification[][] {
  return scoresOf(logits, config, wanted).map((scores) =>
    Array.from(scores, (score, index) => ({ label: labelOf(config, index), score }))
      .sort((a, b) => b.score - a.score)
      .slice(0, topK),
  );
}
