// Pooled features of examples: computed once, by the plan that inference runs, and kept on disk.
import { createHash } from 'node:crypto';
import { BitError } from '../../errors';
import { Turns } from '../../image/turns';
import type { BitImageProcessor } from '../../models/bit_image_processor';
import { BitModel } from '../../models/bit_model';
import type { LoadOptions } from '../../models/load_options';
import { rowsOf } from '../../pipelines/features';
import { withDefaults } from '../../pipelines/options';
import { ofBatches } from '../../pipelines/pipeline';
import { settledOf } from '../../pipelines/settled';
import type { DatasetProblem, Example } from '../data/dataset';
import { Pace } from '../pace';
import { keyOf } from './example_key';
import type { FeatureFile } from './feature_file';

/** Pictures that are looked at at once. */
const AT_ONCE = 16;

export interface FeatureSource {
  /** Where the model is, and how it is loaded. */
  model: string;
  loading: LoadOptions;
  processor: BitImageProcessor;
  signal?: AbortSignal;
  timeoutMs?: number;
}

/** What became of each example. */
export interface Extracted {
  /** Those that have features, in order. */
  examples: { example: Example; key: string }[];
  problems: DatasetProblem[];
}

/** The name of a file of features: of all that they follow from but the pictures. */
export function featureFileName(weights: object, processor: BitImageProcessor): string {
  const facts = JSON.stringify([weights, processor.toJSON()]);
  return createHash('sha256').update(facts).digest('hex').slice(0, 32);
}

/**
 * Of the fit of a head: features are computed, of the training and of the validation.
 * @category Training
 */
export interface FeatureStep {
  /** Which part of the fit this is. */
  phase: 'features';
  /** Examples that have theirs, those from before too. */
  done: number;
  /** All of them. */
  total: number;
  /** Of late. */
  imagesPerSecond: number;
  /** Until the end of this phase, at this rate. */
  secondsLeft: number;
}

/**
 * Computes those that are not in the file yet, and adds them: what is there when it ends early stays there.
 * @returns which there are.
 * @throws what loading and running the model reject with; BitError ERR_BIT_OUTPUT; the signal's reason.
 */
export async function* extract(
  examples: readonly Example[],
  file: FeatureFile,
  source: FeatureSource,
): AsyncGenerator<FeatureStep, Extracted, undefined> {
  const found = await Promise.all(keysOf(examples, source));
  const missing = missingOf(examples, found, file);
  const total = examples.length;
  let done = total - missing.length;
  yield { phase: 'features', done, total, imagesPerSecond: 0, secondsLeft: 0 };
  if (missing.length > 0) {
    const pace = new Pace();
    for await (const failure of compute(missing, file, source)) {
      if (failure) found[failure.place] = failure;
      done++;
      const seconds = pace.step();
      const secondsLeft = seconds * (total - done);
      yield { phase: 'features', done, total, imagesPerSecond: 1 / seconds, secondsLeft };
    }
  }
  return sorted(examples, found, file);
}

interface Failure {
  place: number;
  problem: DatasetProblem;
}
/** A key, or why there is none. */
type Found = string | Failure;

function keysOf(
  examples: readonly Example[],
  { signal, timeoutMs }: FeatureSource,
): Promise<Found>[] {
  const turns = new Turns(AT_ONCE);
  return examples.map((example, place) =>
    turns.take(async () => {
      signal?.throwIfAborted();
      try {
        return await keyOf(example, { signal, timeoutMs });
      } catch (error) {
        signal?.throwIfAborted();
        if (!(error instanceof BitError) || error.code !== 'ERR_BIT_IMAGE') throw error;
        return { place, problem: { path: example.path, message: error.message } };
      }
    }),
  );
}

interface Missing {
  place: number;
  example: Example;
  key: string;
}

/** Each key once, however many examples have it. */
function missingOf(
  examples: readonly Example[],
  found: readonly Found[],
  file: FeatureFile,
): Missing[] {
  const missing = new Map<string, Missing>();
  for (const [place, key] of found.entries())
    if (typeof key === 'string' && !file.has(key) && !missing.has(key))
      missing.set(key, { place, example: examples[place] as Example, key });
  return [...missing.values()];
}

async function* compute(
  missing: readonly Missing[],
  file: FeatureFile,
  { model: from, loading, processor, signal, timeoutMs }: FeatureSource,
): AsyncGenerator<Failure | null, void, undefined> {
  const model = await BitModel.fromPretrained(from, loading);
  try {
    const outcomes = settledOf(imagesOf(missing), {
      processor: ofBatches(processor),
      model,
      options: withDefaults({ signal, timeoutMs }),
      resultsOf: ({ poolerOutput }) => rowsOf(poolerOutput),
    });
    for await (const { index, result, error } of outcomes) {
      const { place, example, key } = missing[index] as Missing;
      if (result) await file.add(key, result.data);
      yield error ? { place, problem: { path: example.path, message: error.message } } : null;
    }
  } finally {
    await model.dispose();
    await file.flush();
  }
}

/** Held images are images too. */
function* imagesOf(missing: readonly Missing[]): Generator<never> {
  for (const { example } of missing) yield example.image as never;
}

function sorted(
  examples: readonly Example[],
  found: readonly Found[],
  file: FeatureFile,
): Extracted {
  const extracted: Extracted = { examples: [], problems: [] };
  for (const [place, example] of examples.entries()) {
    const key = found[place] as Found;
    if (typeof key !== 'string') extracted.problems.push(key.problem);
    else if (file.has(key)) extracted.examples.push({ example, key });
    // The same picture as one before it, of which was told why.
    else extracted.problems.push({ path: example.path, message: 'it cannot be read' });
  }
  return extracted;
}
