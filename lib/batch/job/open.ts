// The job of a call: its settings, its inputs, and the plan under its output.
import { PRETRAINED_CHECKS } from '../../config/pretrained_options';
import { only } from '../../config/options';
import { BitError } from '../../errors';
import { expectInputs, listInputs, type Given } from '../inputs/inputs';
import type { Listed } from '../inputs/listed';
import { decisive, type CheckedOptions } from '../options';
import type { Store } from '../store/store';
import { openJob, type Job } from './journal';
import { modelFacts } from './model_facts';

/**
 * The job that these options ask for, begun or gone on with.
 * @throws BitError ERR_BIT_OUTPUT where another one is there, and what reading the model's files rejects with.
 */
export async function openOwnJob(
  store: Store,
  { job, engine, signal }: CheckedOptions,
): Promise<Job> {
  const { task, format, partSize } = job;
  const ofSource = { ...only(engine, PRETRAINED_CHECKS), signal };
  const model = await modelFacts(job.model, ofSource);
  const settings = { task, format, partSize, model, options: decisive(engine) };
  const listing = () => {
    expectInputs(job); // a job that was planned before needs none
    return namesOf(listInputs(job, { withShards: true, withRepeats: true, signal }));
  };
  return openJob(store, settings, listing, job);
}

/** What can be found again later. @throws BitError ERR_BIT_CONFIG for pictures in memory. */
async function* namesOf(listing: AsyncIterable<Given>): AsyncGenerator<Listed> {
  for await (const given of listing) {
    if (!('image' in given)) yield given;
    else
      throw new BitError(
        'ERR_BIT_CONFIG',
        'With an output, inputs are paths and URLs: a job goes on where it ended, and pictures in memory are gone by then',
      );
  }
}

/** Rows there will be of these parts; null where shards are among the inputs. */
export function rowsIn({ plan, settings }: Job, parts: readonly number[]): number | null {
  if (plan.shards > 0) return null;
  const last = plan.parts.length - 1;
  const inLast = plan.inputs - last * settings.partSize;
  return parts.reduce((sum, part) => sum + (part === last ? inLast : settings.partSize), 0);
}
