// A classifier over a data set.
import type { BitConfig } from '../../models/bit_config';
import type { BitForImageClassification } from '../../models/bit_for_image_classification';
import type { BitImageProcessor } from '../../models/bit_image_processor';
import { withDefaults, type PipelineCallOptions } from '../../pipelines/options';
import { ofBatches } from '../../pipelines/pipeline';
import { scoresOf, type FunctionToApply } from '../../pipelines/scores';
import { settledOf } from '../../pipelines/settled';
import type { Dataset, DatasetProblem, Example, ProblemType } from '../data/dataset';
import { Evaluation, type EvaluationResult } from './evaluation';

const SCORES: Readonly<Record<ProblemType, FunctionToApply>> = {
  single_label_classification: 'softmax',
  multi_label_classification: 'sigmoid',
  regression: 'none',
};

/** A loaded classifier. */
export interface Evaluated {
  model: BitForImageClassification;
  processor: BitImageProcessor;
}

/** Of the labels of a config. */
export const labelsOf = ({ id2label, numLabels }: BitConfig): string[] =>
  Array.from({ length: numLabels }, (_, index) => id2label[index] ?? `LABEL_${index}`);

/**
 * @param onExample called with how many are done.
 * @returns the measures, and the pictures that cannot be read, which are left out of them.
 * @throws what running the model rejects with; the signal's reason.
 */
export async function runEvaluation(
  { model, processor }: Evaluated,
  { examples, problemType }: Pick<Dataset, 'examples' | 'problemType'>,
  options: PipelineCallOptions & { mistakes?: number; onExample?: (done: number) => void },
): Promise<{ result: EvaluationResult; unreadable: DatasetProblem[] }> {
  const { mistakes, onExample, ...call } = options;
  const evaluation = new Evaluation(problemType, labelsOf(model.config), {
    mostMistakes: mistakes,
  });
  const unreadable: DatasetProblem[] = [];
  const outcomes = settledOf(imagesOf(examples), {
    processor: ofBatches(processor),
    model,
    options: withDefaults(call),
    resultsOf: ({ logits }) => scoresOf(logits, model.config, SCORES[problemType]),
  });
  for await (const { index, result, error } of outcomes) {
    const { path, target } = examples[index] as Example;
    if (error) unreadable.push({ path, message: error.message });
    else evaluation.add({ path, target, scores: result });
    onExample?.(index + 1);
  }
  return { result: evaluation.result(), unreadable };
}

/** Held images are images too. */
function* imagesOf(examples: readonly Example[]): Generator<never> {
  for (const { image } of examples) yield image as never;
}
