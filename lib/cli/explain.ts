// `bigtransfer explain`: pictures of what spoke for a class.

import { join, parse } from 'node:path';
import { type Command, Option } from 'commander';
import {
  BitError,
  classActivationMap,
  pipeline,
  type ClassActivation,
  type ExplainedClass,
  type ImageClassificationPipeline,
} from '../index';
import { type Outcome, type Runner, runBatches } from './batches';
import type { Context } from './context';
import {
  type ImageFlags,
  addImageOptions,
  callOptions,
  fraction,
  loadOptions,
  positiveInteger,
} from './options';
import { print, printJson } from './report';
import { makeFolder, writeWhole } from './whole_file';

interface Flags extends ImageFlags {
  out: string;
  target?: string[];
  topK?: number;
  on: 'original' | 'input';
  opacity?: number;
  maxSide?: number;
  /** Of `--no-against`. */
  against: boolean;
  color?: boolean;
  json?: boolean;
}

/** A map's picture. */
interface Explanation extends ExplainedClass {
  file: string;
  /** [h][w], in parts of the logit. */
  map: number[][];
}

/** Of each part of a file's name, which may have 255 bytes in all. */
const MOST_BYTES = 80;

export function addExplain(program: Command, context: Context): void {
  const command = program
    .command('explain')
    .description('Draw what in images spoke for a class: class activation maps')
    .argument('<paths...>', 'image files, folders, globs or URLs')
    .requiredOption('--out <dir>', 'where the pictures go, a PNG file for each image and class')
    .addOption(
      new Option('--target <class>', 'a label or number; may be given again (default: the best)')
        .argParser((text, before: string[] = []) => [...before, text])
        .conflicts('topK'),
    )
    .option('--top-k <n>', 'the best classes of each image instead', positiveInteger)
    .addOption(
      new Option('--on <picture>', 'the picture as it was given, or as the network saw it')
        .choices(['original', 'input'])
        .default('original'),
    )
    .option('--max-side <pixels>', 'make longer sides so long', positiveInteger)
    .option('--opacity <share>', 'of the strongest colour, 0 to 1 (default: 0.6)', fraction)
    .option('--no-against', 'leave out what speaks against the class')
    .option('--color', 'keep the colours of the picture')
    .option('--json', 'print one JSON document: {results, failed}, with the maps');
  addImageOptions(command).action((paths: string[], flags: Flags) =>
    explain(paths, flags, context),
  );
}

async function explain(args: string[], flags: Flags, context: Context): Promise<void> {
  await makeFolder(flags.out);
  const results: { path: string; explanations: Explanation[] }[] = [];
  const onResult = async (path: string, explanations: Explanation[]) => {
    if (flags.json) results.push({ path, explanations });
    else await print(block(path, explanations));
  };
  const quiet = flags.json === true;
  const load = () => loadExplainer(flags, context);
  const failed = await runBatches({ args, quiet, load, onResult }, context);
  if (flags.json) await printJson({ results, failed });
}

async function loadExplainer(flags: Flags, context: Context): Promise<Runner<Explanation[]>> {
  const options = { ...loadOptions(flags, context), ...callOptions(flags) };
  const classifier = await pipeline('image-classification', flags.model, options);
  const target = flags.target?.map((each) => classOf(each, classifier));
  const asked = { target, topK: flags.topK, signal: context.signal };
  const names = new Names();
  return {
    settled: (paths) =>
      eachSettled(paths, {
        // In flight together: the model's queue makes batches of calls.
        ahead: flags.batchSize,
        begin: (path) => classActivationMap(classifier, path, asked),
        // One at a time: a picture as it was given may be large.
        end: (path, activation) => draw(path, activation, { flags, names, context }),
      }),
    dispose: () => classifier.dispose(),
  };
}

/** What becomes of each image, in order. */
async function* eachSettled<Begun, Result>(
  paths: AsyncIterable<string>,
  work: {
    ahead: number;
    begin(path: string): Promise<Begun>;
    end(path: string, begun: Begun): Promise<Result>;
  },
): AsyncGenerator<Outcome<Result>> {
  const begun: { path: string; started: Promise<Begun> }[] = [];
  const settle = async ({ path, started }: (typeof begun)[number]): Promise<Outcome<Result>> => {
    try {
      return { path, result: await work.end(path, await started) };
    } catch (error) {
      if (!(error instanceof BitError) || error.code !== 'ERR_BIT_IMAGE') throw error;
      return { path, error: { code: error.code, message: withoutPath(error.message, path) } };
    }
  };
  for await (const path of paths) {
    const started = work.begin(path);
    // Where one ends the run, those behind it are nobody's.
    started.catch(() => undefined);
    begun.push({ path, started });
    if (begun.length >= work.ahead) yield settle(begun.shift() as (typeof begun)[number]);
  }
  for (const each of begun) yield settle(each);
}

/** What is wrong with an image, where its path is said already. */
function withoutPath(message: string, path: string): string {
  return message.replace(` ${path}:`, ':');
}

interface Drawing {
  flags: Flags;
  names: Names;
  context: Context;
}

async function draw(
  path: string,
  activation: ClassActivation,
  { flags, names, context }: Drawing,
): Promise<Explanation[]> {
  const { on, opacity, maxSide, against, timeout } = flags;
  const { signal } = context;
  const grey = !flags.color;
  const options = { on, opacity, maxSide, against, grey, signal, timeoutMs: 1000 * timeout };
  const explanations: Explanation[] = [];
  for (const [place, explained] of (activation.targets[0] ?? []).entries()) {
    const file = join(flags.out, names.next(path, explained.label));
    await writeWhole(file, await activation.overlay(0, { ...options, target: place }));
    explanations.push({ ...explained, file, map: mapOf(activation, place) });
  }
  return explanations;
}

/** A label, or else the number of a class. */
function classOf(text: string, { model }: ImageClassificationPipeline): string | number {
  const isLabel = Object.hasOwn(model.config.label2id, text);
  return !isLabel && /^\d+$/.test(text) ? Number(text) : text;
}

/** One of an image's maps, row by row. */
function mapOf({ maps }: ClassActivation, place: number): number[][] {
  const [height = 0, width = 0] = maps.shape.slice(-2);
  const start = place * height * width;
  return Array.from({ length: height }, (_, y) =>
    Array.from(maps.data.subarray(start + y * width, start + (y + 1) * width)),
  );
}

/** Names of files, each given once: pictures of one name may come from several folders. */
class Names {
  private readonly given = new Set<string>();

  next(path: string, label: string): string {
    const stem = `${plain(nameIn(path))}.${plain(label)}`;
    let name = stem;
    for (let count = 2; this.given.has(name.toLowerCase()); count++) name = `${stem}-${count}`;
    this.given.add(name.toLowerCase());
    return `${name}.png`;
  }
}

/** The last part of a path or URL, without its ending. */
function nameIn(path: string): string {
  if (/^\s*data:/i.test(path)) return 'picture';
  return parse(/^\s*(https?|file):/i.test(path) ? pathOf(new URL(path)) : path).name;
}

function pathOf({ pathname }: URL): string {
  try {
    return decodeURIComponent(pathname);
  } catch {
    // Not of UTF-8.
    return pathname;
  }
}

/** What any file system takes as a part of a name. */
function plain(text: string): string {
  let kept = '';
  for (const letter of text.replace(/[^\p{L}\p{N} ._-]+/gu, '_').trim()) {
    if (Buffer.byteLength(kept + letter) > MOST_BYTES) break;
    kept += letter;
  }
  return kept || 'picture';
}

function block(path: string, explanations: Explanation[]): string {
  const lines = explanations.map(
    ({ score, label, file }) => `  ${score.toFixed(4)}  ${label}  ${file}`,
  );
  return [path, ...lines].join('\n');
}
