// Labels as users give them → a tensor and the loss that they call for.
import type { BitConfigFields } from '../config/bit_config_fields';
import { invalid } from '../errors';
import { Tensor, toTensor, type TensorLike } from '../tensor';

/**
 * Class indices, values (regression; they broadcast to the logits, as torch's), or one row of
 * probabilities per image (multi-label).
 * @category Models
 */
export type Labels = Tensor | TensorLike | readonly number[] | readonly (readonly number[])[];

export type ProblemType = NonNullable<BitConfigFields['problemType']>;

/** Whatever the labels are: without a head, every pooled feature is a label of its own. */
const KNOWN_BY_COUNT: Readonly<Record<number, ProblemType>> = {
  0: 'multi_label_classification',
  1: 'regression',
};

/**
 * The tensor of `labels` and the problem type: the config's, or inferred as transformers does: one
 * label is regression, integer labels are classes, anything else is multi-label.
 * @throws BitError ERR_BIT_SHAPE when the labels are no rectangular numbers.
 */
export function resolveLabels(
  labels: Labels,
  config: Pick<BitConfigFields, 'problemType' | 'numLabels'>,
): { labels: Tensor; problemType: ProblemType } {
  const known = config.problemType ?? KNOWN_BY_COUNT[config.numLabels] ?? null;
  const tensor = Array.isArray(labels)
    ? fromArray(labels as readonly number[] | readonly (readonly number[])[], known)
    : toTensor(labels, 'labels');
  const inferred =
    tensor.dtype === 'int64' ? 'single_label_classification' : 'multi_label_classification';
  return { labels: tensor, problemType: known ?? inferred };
}

function fromArray(
  labels: readonly number[] | readonly (readonly number[])[],
  problem: ProblemType | null,
): Tensor {
  // Array.from makes holes undefined, which every() then sees.
  const rows: readonly unknown[] = Array.from<unknown>(labels);
  const width = Array.isArray(rows[0]) ? rows[0].length : undefined;
  // Of a row that is a number none has a length.
  if (!rows.every((row) => (Array.isArray(row) ? row.length : undefined) === width)) {
    throw invalid('ERR_BIT_SHAPE', 'labels', 'rows of equal length', labels);
  }
  const flat = rows.flatMap((row) => (Array.isArray(row) ? Array.from<unknown>(row) : [row]));
  if (!areNumbers(flat)) throw invalid('ERR_BIT_SHAPE', 'labels', 'numbers', labels);
  const shape = width === undefined ? [flat.length] : [rows.length, width];
  const classes =
    problem === 'single_label_classification' || (problem === null && width === undefined);
  if (!classes) return Tensor.from(Float32Array.from(flat), shape);
  if (!flat.every(Number.isSafeInteger)) {
    throw invalid('ERR_BIT_SHAPE', 'labels', 'whole numbers for a single-label problem', labels);
  }
  return Tensor.from(BigInt64Array.from(flat, BigInt), shape);
}

function areNumbers(values: unknown[]): values is number[] {
  return values.every((value) => typeof value === 'number');
}
