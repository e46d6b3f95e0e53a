// Logits → ranked labels, as transformers' image-classification pipeline does it.
import type { BitConfig } from '../models/bit_config';
import type { Tensor } from '../tensor';

/** One label with its probability. */
export interface Classification {
  label: string;
  score: number;
}

type Activation = (logits: Float32Array) => Float32Array;

const sigmoid: Activation = (logits) => logits.map((x) => 1 / (1 + Math.exp(-x)));

const softmax: Activation = (logits) => {
  const largest = logits.reduce((a, b) => Math.max(a, b), -Infinity);
  const exps = logits.map((x) => Math.exp(x - largest));
  const total = exps.reduce((a, b) => a + b, 0);
  return exps.map((x) => x / total);
};

function activationFor(config: BitConfig): Activation {
  const independent = config.problemType === 'multi_label_classification' || config.numLabels === 1;
  return independent ? sigmoid : softmax;
}

/** The `topK` best labels of each row of `logits` [N, numLabels], best first. */
export function rank(logits: Tensor, config: BitConfig, topK: number): Classification[][] {
  const [count = 0, labels = 0] = logits.shape;
  const values = logits.toFloat32().data as Float32Array;
  const activate = activationFor(config);
  return Array.from({ length: count }, (_, row) => {
    const scores = activate(values.subarray(row * labels, (row + 1) * labels));
    return Array.from(scores, (score, index) => ({
      label: config.id2label[index] ?? `LABEL_${index}`,
      score,
    }))
      .sort((a, b) => b.score - a.score)
      .slice(0, topK);
  });
}
