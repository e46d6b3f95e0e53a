// What the rows of a job depend on: two runs under one output have to agree on it.
import { isDeepStrictEqual } from 'node:util';
import { describe } from '../../describe';
import { BitError } from '../../errors';
import type { FormatName } from '../outputs/formats';
import type { Task } from '../../pipelines/parts';
import type { ModelFacts } from './model_facts';

export interface JobSettings {
  task: Task;
  format: FormatName;
  partSize: number;
  model: ModelFacts;
  /** Options that change what comes out, as they were given. */
  options: Record<string, unknown>;
}

/** @throws BitError ERR_BIT_OUTPUT that names what differs. */
export function expectSame(before: JobSettings, now: JobSettings, place: string): void {
  const was = flat(before);
  const is = flat(JSON.parse(JSON.stringify(now)) as JobSettings);
  const names = [...new Set([...Object.keys(was), ...Object.keys(is)])];
  const changed = names.filter((name) => !isDeepStrictEqual(was[name], is[name]));
  if (changed.length === 0) return;
  const changes = changed.map(
    (name) => `${name} was ${describe(was[name])} and is ${describe(is[name])}`,
  );
  throw new BitError(
    'ERR_BIT_OUTPUT',
    `${place} holds a job of other settings: ${changes.join('; ')}. Give it the same ones, another ` +
      'output, or start anew (restart), which deletes what is there',
  );
}

/** Options and facts of the model by their own names. */
function flat({ options, model, ...rest }: JobSettings): Record<string, unknown> {
  const files = Object.entries(model.files).map(([name, sha256]) => [`SHA-256 of ${name}`, sha256]);
  const { source, revision } = model;
  return { ...rest, model: source, revision, ...Object.fromEntries(files), ...options } as Record<
    string,
    unknown
  >;
}
