// `bigtransfer classify`: the best labels of images.

import type { Command } from 'commander';
import { type Classification, DEFAULT_TOP_K } from '../index';
import { runBatches } from './batches';
import { rowsRunner } from './rows';
import type { Context } from './context';
import {
  type ImageFlags,
  addImageOptions,
  callOptions,
  loadOptions,
  positiveInteger,
} from './options';
import { print, printJson } from './report';

interface Flags extends ImageFlags {
  topK: number;
  json?: boolean;
}

export function addClassify(program: Command, context: Context): void {
  const command = program
    .command('classify')
    .description('Say what images show')
    .argument('<paths...>', 'image files, folders, globs or URLs')
    .option('--top-k <n>', 'labels for each image', positiveInteger, DEFAULT_TOP_K)
    .option('--json', 'print one JSON document: {results, failed}');
  addImageOptions(command).action((paths: string[], flags: Flags) =>
    classify(paths, flags, context),
  );
}

async function classify(args: string[], flags: Flags, context: Context): Promise<void> {
  const results: { path: string; predictions: Classification[] }[] = [];
  const onResult = async (path: string, predictions: Classification[]) => {
    if (flags.json) results.push({ path, predictions });
    else await print(block(path, predictions));
  };
  const quiet = flags.json === true;
  const { model, topK } = flags;
  const options = { ...loadOptions(flags, context), ...callOptions(flags), model, topK };
  const load = () =>
    rowsRunner({ ...options, task: 'image-classification' }, ({ predictions }) => predictions);
  const failed = await runBatches({ args, quiet, load, onResult }, context);
  if (flags.json) await printJson({ results, failed });
}

function block(path: string, predictions: Classification[]): string {
  return [path, ...predictions.map(({ label, score }) => `  ${score.toFixed(4)}  ${label}`)].join(
    '\n',
  );
}
