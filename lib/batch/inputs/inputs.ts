// What a caller of batch() gives as inputs.
import { invalid } from '../../errors';
import type { ImageInput } from '../../image/input';
import { expandArguments } from './arguments';
import { readList, type ListSource } from './list';
import { single, type Listed } from './listed';

/**
 * A picture with the name that its row is to have.
 * @category Batch jobs
 */
export interface NamedImage {
  /** What its row is called. */
  path: string;
  /** The picture itself, or where it is. */
  image: ImageInput;
}

/**
 * One path, folder, glob, URL or shard, or a list of those; or any other iterable of paths and URLs,
 * each taken as it is when its turn comes, or of pictures in memory.
 * @category Batch jobs
 */
export type BatchInputs =
  | string
  | URL
  | readonly string[]
  | Iterable<string | URL | NamedImage>
  | AsyncIterable<string | URL | NamedImage>;

export interface GivenInputs {
  inputs?: BatchInputs;
  filesFrom?: ListSource;
}

/** Listed things, and pictures that are in memory already. */
export type Given = Listed | NamedImage;

/** All that is given, arguments first. */
export async function* listInputs(
  { inputs, filesFrom }: GivenInputs,
  options: { withShards: boolean; withRepeats: boolean; signal?: AbortSignal },
): AsyncGenerator<Given, void, undefined> {
  if (typeof inputs === 'string') yield* expandArguments([inputs], options);
  else if (inputs instanceof URL) yield single(inputs.href, options.withShards);
  else if (isListOfTexts(inputs)) yield* expandArguments(inputs, options);
  else if (inputs !== undefined) yield* oneByOne(inputs, options.withShards);
  if (filesFrom !== undefined) yield* readList(filesFrom, options);
}

/** @throws BitError ERR_BIT_CONFIG where there are none, or what cannot be gone through. */
export function expectInputs({ inputs, filesFrom }: GivenInputs): void {
  if (inputs === undefined && filesFrom !== undefined) return;
  const isIterable =
    typeof inputs === 'object' &&
    inputs !== null &&
    !ArrayBuffer.isView(inputs) &&
    (Symbol.iterator in inputs || Symbol.asyncIterator in inputs);
  if (typeof inputs === 'string' || inputs instanceof URL || isIterable) return;
  const expected = 'a path, a URL, a list of paths or another iterable of inputs';
  throw invalid('ERR_BIT_CONFIG', 'inputs', expected, inputs);
}

const isListOfTexts = (inputs: unknown): inputs is readonly string[] =>
  Array.isArray(inputs) && inputs.every((each) => typeof each === 'string');

async function* oneByOne(
  inputs: Exclude<BatchInputs, string | URL>,
  withShards: boolean,
): AsyncGenerator<Given, void, undefined> {
  for await (const each of inputs) {
    if (typeof each === 'string') yield single(each, withShards);
    else if (each instanceof URL) yield single(each.href, withShards);
    else if (typeof each?.path === 'string' && 'image' in each) yield each;
    else throw invalid('ERR_BIT_CONFIG', 'an input', 'a path, a URL or { path, image }', each);
  }
}
