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
  const changed = differing(was, is);
  if (changed.length === 0) return;
  const isOtherModel = changed.some((name) => name.startsWith(OF_FILE));
  const changes = changed.map((name) => change(name, was[name], is[name]));
  if (isOtherModel && before.model.source !== now.model.source)
    changes.unshift(change('model', before.model.source, now.model.source));
  throw new BitError(
    'ERR_BIT_OUTPUT',
    `${place} holds a job of other settings: ${changes.join('; ')}. Give it the same ones, another ` +
      'output, or start anew (restart), which deletes what is there',
  );
}

/** Names of what two runs do not agree on. */
export function differing(was: Record<string, unknown>, is: Record<string, unknown>): string[] {
  const names = [...new Set([...Object.keys(was), ...Object.keys(is)])];
  return names.filter((name) => !isDeepStrictEqual(was[name], is[name]));
}

const change = (name: string, was: unknown, is: unknown) =>
  `${name} was ${said(was)} and is ${said(is)}`;

const said = (value: unknown) => (value === undefined ? 'left out' : describe(value));

const OF_FILE = 'SHA-256 of ';

/** Options and facts of the model by their own names. It is the same model where its files are, under any name. */
function flat({ options, model, ...rest }: JobSettings): Record<string, unknown> {
  const files = Object.entries(model.files).map(([name, sha256]) => [`${OF_FILE}${name}`, sha256]);
  return { ...rest, ...Object.fromEntries(files), ...without(options, OF_SOURCE) };
}

/** Options that say where the files are. */
const OF_SOURCE = ['revision', 'subfolder'];

const without = (options: Record<string, unknown>, names: readonly string[]) =>
  Object.fromEntries(Object.entries(options).filter(([name]) => !names.includes(name)));
