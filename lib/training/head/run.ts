// A run that fits a head alone: features, a strength, the fit, a model.
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { loadBinding } from '../../binding/load';
import type { FittedHead } from '../../binding/training_types';
import { networkSpec } from '../../config/network_spec';
import { KIND } from '../../models/bit_for_image_classification';
import { scoresOf } from '../../pipelines/scores';
import { Checkpoints } from '../checkpoints';
import type { Dataset, DatasetProblem, Example } from '../data/dataset';
import { Evaluation, type EvaluationResult } from '../evaluation/evaluation';
import { SCORES } from '../evaluation/run';
import { explainWrites } from '../files';
import { RunLog } from '../logs/run_log';
import type { HeadOptions } from '../options';
import { RunFolder } from '../run_folder';
import { expectSome } from '../sift';
import { FeatureFile } from './feature_file';
import { extract, featureFileName, type Extracted, type FeatureStep } from './features';
import { Fitter, outputsOf } from './fitter';
import { foldsOf } from './folds';
import type { HeadPreparation } from './prepare';
import { bestOf, DEFAULT_STRENGTH, isBehind, STRENGTHS, type StrengthScore } from './strengths';

/** In the folder of a run; it stays when a run begins anew. */
const FEATURES = 'features';
const WEIGHTS = 'model.safetensors';

/**
 * What the fit of a head tells of itself; `phase` says which part of it.
 * @category Training
 */
export type HeadStep =
  | FeatureStep
  | ({
      /** Strengths are tried on examples that are left out. */
      phase: 'strengths';
      /** Those that were tried. */
      done: number;
      /** As many at most. */
      total: number;
    } & StrengthScore)
  | {
      /** The head is fitted to all examples, and the model is there. */
      phase: 'head';
      /** Of L2 regularisation. */
      strength: number;
      /** The mean loss of what it was fitted to. */
      loss: number;
      /** Of the validation; null without one. */
      evaluation: EvaluationResult | null;
    };

/**
 * What is left of the fit of a head.
 * @category Training
 */
export interface HeadResult {
  /** The folder of the model. */
  output: string;
  /** Of L2 regularisation: times half the squared weights of standardised features, beside the mean loss. */
  strength: number;
  /** What it was chosen by; none where it was given, or examples are too few. */
  strengths: StrengthScore[];
  /** On the validation; null without one. */
  evaluation: EvaluationResult | null;
  /** Examples that were learnt from. */
  trainExamples: number;
  /** What was found in the data and left out. */
  problems: DatasetProblem[];
  /** The page that shows how it went; null where none was asked for. */
  report: string | null;
}

interface Keyed {
  data: Dataset;
  keys: string[];
}

export class HeadRun {
  private scores: StrengthScore[] = [];
  private end: Omit<HeadResult, 'output' | 'strengths' | 'trainExamples' | 'report'> | null = null;
  private learnt: Dataset | null = null;

  private constructor(
    private readonly preparation: HeadPreparation,
    private readonly options: HeadOptions,
    private readonly folder: RunFolder,
    private readonly features: FeatureFile,
    private readonly log: RunLog,
  ) {}

  /** @throws BitError ERR_BIT_OUTPUT for a folder of another run, or where nothing can be written. */
  static async open(preparation: HeadPreparation, options: HeadOptions): Promise<HeadRun> {
    const { weights, processor } = preparation;
    const folder = new RunFolder(options.output);
    await folder.open(preparation, options.restart ?? false, [FEATURES]);
    let features: FeatureFile | null = null;
    try {
      const name = featureFileName(weights, processor);
      features = await FeatureFile.open(join(folder.path, FEATURES), name);
      // All but the features is made anew each time, in seconds.
      const log = await RunLog.open(folder.path, 0);
      return new HeadRun(preparation, options, folder, features, log);
    } catch (error) {
      await features?.close();
      folder.close();
      throw error;
    }
  }

  /** @throws BitError ERR_BIT_CONFIG where no picture can be read; the signal's reason. */
  async *steps(): AsyncGenerator<HeadStep, void, undefined> {
    const { train, validation } = this.preparation;
    const all = [...train.examples, ...(validation?.examples ?? [])];
    const { examples, problems } = yield* this.extracted(all);
    const learnt = keyedOf(train, examples);
    expectSome(learnt.data.examples, problems);
    const fitter = await this.fitterOf(learnt);
    let head: FittedHead;
    let strength: number;
    try {
      strength = this.preparation.settings.strength ?? (yield* this.chosen(fitter));
      head = await fitter.fit(strength, this.options.signal);
    } finally {
      fitter.dispose();
    }
    const evaluation = validation && (await this.evaluate(head, keyedOf(validation, examples)));
    await this.keep(head, evaluation);
    this.learnt = learnt.data;
    this.end = { strength, evaluation, problems };
    yield { phase: 'head', strength, loss: head.meanLoss, evaluation };
  }

  /** The examples of the training that can be read; once all steps are taken. */
  get learned(): Dataset {
    return this.learnt as Dataset;
  }

  /** Once all steps are taken. */
  result(): Omit<HeadResult, 'report'> {
    const { problems, ...end } = this.end as NonNullable<typeof this.end>;
    return {
      output: this.options.output,
      strengths: this.scores,
      ...end,
      trainExamples: this.learned.examples.length,
      problems: [...this.preparation.problems, ...problems],
    };
  }

  async close(): Promise<void> {
    try {
      await this.features.close();
      await this.log.close();
    } finally {
      this.folder.close();
    }
  }

  private extracted(
    examples: readonly Example[],
  ): AsyncGenerator<FeatureStep, Extracted, undefined> {
    const { model, ofSource, processor } = this.preparation;
    const { threads, device, allowTf32, signal, timeoutMs } = this.options;
    const loading = { ...ofSource, threads, device, allowTf32 };
    return extract(examples, this.features, { model, loading, processor, signal, timeoutMs });
  }

  private fitterOf({ data, keys }: Keyed): Promise<Fitter> {
    const folds = foldsOf(data, this.preparation.settings.seed);
    return Fitter.open(data, keys, this.features, folds, this.options);
  }

  /** The best strength by what was left out; told one by one. */
  private async *chosen(fitter: Fitter): AsyncGenerator<HeadStep, number, undefined> {
    if (!fitter.canScore) return DEFAULT_STRENGTH;
    for (const strength of STRENGTHS) {
      const score = await fitter.score(strength, this.options.signal);
      this.scores.push(score);
      const done = this.scores.length;
      await this.log.strength(done, score);
      yield { phase: 'strengths', done, total: STRENGTHS.length, ...score };
      if (isBehind(this.scores)) break;
    }
    return bestOf(this.scores)?.strength ?? DEFAULT_STRENGTH;
  }

  /** As the model that is written answers, from features that are there already. */
  private async evaluate(
    head: FittedHead,
    { data: { problemType, labels, examples }, keys }: Keyed,
  ): Promise<EvaluationResult> {
    const evaluation = new Evaluation(problemType, labels);
    let at = 0;
    for await (const logits of outputsOf(head, keys, this.features, this.options.signal))
      for (const scores of scoresOf(logits, this.preparation.config, SCORES[problemType])) {
        const { path, target } = examples[at++] as Example;
        evaluation.add({ path, target, scores });
      }
    return evaluation.result();
  }

  private async keep(head: FittedHead, evaluation: EvaluationResult | null): Promise<void> {
    const { config, processor, files, settings } = this.preparation;
    const checkpoints = new Checkpoints(this.folder.checkpoints);
    const step = this.scores.length;
    const kept = await checkpoints.save(step, async (folder) => {
      await config.savePretrained(folder, KIND.architecture);
      await processor.savePretrained(folder);
      await loadBinding().saveWithHead({
        spec: networkSpec(config, config.numLabels),
        prefix: KIND.prefix,
        files,
        // Its own head is of other labels.
        ignoreMismatchedSizes: true,
        ignoreMissingKeys: false,
        seed: settings.seed,
        weight: head.weight,
        bias: head.bias,
        path: join(folder, WEIGHTS),
      });
    });
    await this.folder.keep(kept, evaluation);
    await explainWrites(kept.folder, () => rm(kept.folder, { recursive: true }));
    if (evaluation) await this.log.evaluation(step, evaluation);
  }
}

/** Those of a data set that have features. */
function keyedOf(data: Dataset, found: Extracted['examples']): Keyed {
  const keys = new Map(found.map(({ example, key }) => [example, key]));
  const examples = data.examples.filter((example) => keys.has(example));
  return {
    data: { ...data, examples },
    keys: examples.map((example) => keys.get(example) as string),
  };
}
