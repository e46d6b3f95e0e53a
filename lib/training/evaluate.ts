// The public evaluate(): how good a classifier is on a data set.
import { isDeepStrictEqual } from 'node:util';
import { callback, count, oneOf, positive, text } from '../config/checks';
import { DEFAULT_MODEL } from '../config/defaults';
import { checkOptions, only } from '../config/options';
import { PRETRAINED_CHECKS } from '../config/pretrained_options';
import { describe, forCaller, invalid } from '../errors';
import { BitForImageClassification } from '../models/bit_for_image_classification';
import { BitImageProcessor } from '../models/bit_image_processor';
import { LOAD_CHECKS, type LoadOptions } from '../models/load_options';
import type { Dataset, DatasetProblem, ProblemType } from './data/dataset';
import { few } from './data/few_shot';
import { readDataset, splitsOf } from './data/read_dataset';
import type { EvaluationResult } from './evaluation/evaluation';
import { labelsOf, runEvaluation } from './evaluation/run';
import { dataSource, expectCheck, isDataset, problemType } from './options';
import { expectWritable } from './report/page_file';
import { writeEvaluationReport } from './report/report';

/**
 * Of {@link evaluate}: those of loading a model, and these.
 * @category Training
 */
export interface EvaluateOptions extends Omit<LoadOptions, 'problemType'> {
  /** Which part of data that has several; default 'validation', else 'test', where there are such. */
  split?: 'train' | 'validation' | 'test';
  /** So many examples at most, drawn evenly. */
  maxEvalSamples?: number;
  /** What labels are; default the model's own problem type, or what they look like. */
  problemType?: ProblemType;
  /** Images that go through the network together; default 8. */
  batchSize?: number;
  /** How long the server of a picture may be silent, in milliseconds; default 30,000. */
  timeoutMs?: number;
  /** How many of the worst mistakes are told; default 50. */
  mistakes?: number;
  /** Of tables: which column holds paths. */
  pathColumn?: string;
  /** Of tables: which column holds labels. */
  labelColumn?: string;
  /** Of Parquet files: which column holds pictures. */
  imageColumn?: string;
  /** Where an HTML page of the measures and the worst mistakes goes. */
  report?: string;
  /** Called with how many examples are done, of how many. */
  onExample?: (done: number, total: number) => void;
}

/**
 * Measures, and what was found in the data and left out.
 * @category Training
 */
export type Evaluated = EvaluationResult & {
  /** What was left out, and why. */
  problems: DatasetProblem[];
};

const OWN_CHECKS = {
  split: oneOf('train', 'validation', 'test'),
  maxEvalSamples: count,
  problemType,
  batchSize: count,
  timeoutMs: positive,
  mistakes: count,
  pathColumn: text,
  labelColumn: text,
  imageColumn: text,
  report: text,
  onExample: callback,
};

/**
 * How good a classifier is on a data set whose labels are among its own.
 * @param source a directory, a checkpoint file or a hub id; null for the small model of the package.
 * @param data as fineTune() takes it.
 * @throws BitError ERR_BIT_CONFIG for wrong options and labels that the model does not have, ERR_BIT_OUTPUT for a report
 *   that cannot be written, and what reading and running the model rejects with; the signal's reason.
 * @category Training
 */
export function evaluate(
  source: string | null,
  data: string | Dataset,
  options: EvaluateOptions = {},
): Promise<Evaluated> {
  return forCaller(async () => {
    const given = checkOptions<EvaluateOptions>(options, { ...LOAD_CHECKS, ...OWN_CHECKS });
    expectCheck(dataSource, 'data', data);
    const { report } = given;
    if (report !== undefined) await expectWritable(report);
    const from = source ?? DEFAULT_MODEL;
    const processor = await BitImageProcessor.fromPretrained(from, only(given, PRETRAINED_CHECKS));
    const model = await BitForImageClassification.fromPretrained(
      from,
      only(given as LoadOptions, LOAD_CHECKS),
    );
    try {
      const dataset = await read(data, labelsOf(model.config), {
        ...given,
        problemType: given.problemType ?? model.config.problemType ?? undefined,
      });
      const some = few(dataset, given.maxEvalSamples ?? Infinity, 0);
      const total = some.examples.length;
      const { batchSize, timeoutMs, mistakes, signal, onExample } = given;
      const { result, unreadable } = await runEvaluation({ model, processor }, some, {
        ...{ batchSize, timeoutMs, mistakes, signal },
        onExample: onExample && ((done) => onExample(done, total)),
      });
      const problems = [...dataset.problems, ...unreadable];
      const evaluation = { source: from, data, result, problems, evaluated: { model, processor } };
      if (report !== undefined)
        await writeEvaluationReport(
          report,
          { ...evaluation, examples: some.examples },
          { timeoutMs, signal },
        );
      return { ...result, problems };
    } finally {
      await model.dispose();
    }
  });
}

/** Numbers of classes mean something only beside the labels that they are numbers of. */
function withLabels(data: Dataset, labels: string[]): Dataset {
  if (isDeepStrictEqual(data.labels, labels)) return data;
  const expected = `those of the model, ${describe(labels)},`;
  throw invalid('ERR_BIT_CONFIG', 'labels of the data', expected, data.labels);
}

async function read(
  data: string | Dataset,
  labels: string[],
  { split, problemType, pathColumn, labelColumn, imageColumn, signal }: EvaluateOptions,
): Promise<Dataset> {
  if (isDataset(data)) return withLabels(data, labels);
  const splits: readonly string[] = await splitsOf(data);
  const chosen = split ?? (['validation', 'test'] as const).find((each) => splits.includes(each));
  return readDataset(data, {
    ...{ labels, problemType, pathColumn, labelColumn, imageColumn, signal },
    ...(chosen && { split: chosen }),
  });
}
