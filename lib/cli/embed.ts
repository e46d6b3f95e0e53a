// `bigtransfer embed`: the pooled features of images.

import type { Command } from 'commander';
import { runBatches } from './batches';
import type { Context } from './context';
import { LinesFile } from './lines_file';
import { type ImageFlags, addImageOptions, callOptions, loadOptions } from './options';
import { print } from './report';
import { rowsRunner } from './rows';

interface Flags extends ImageFlags {
  output?: string;
  json?: boolean;
}

interface Embedding {
  path: string;
  features: number[];
}

export function addEmbed(program: Command, context: Context): void {
  const command = program
    .command('embed')
    .description(
      "Turn images into vectors: the network's pooled features, one JSON line for each image",
    )
    .argument('<paths...>', 'image files, folders, globs or URLs')
    .option('--output <file>', 'write the JSON lines there')
    .option('--json', 'print one JSON document instead: {results, failed}');
  addImageOptions(command).action((paths: string[], flags: Flags) => embed(paths, flags, context));
}

async function embed(args: string[], flags: Flags, context: Context): Promise<void> {
  const file = flags.output === undefined ? null : await LinesFile.create(flags.output);
  const results: Embedding[] = [];
  const onResult = async (path: string, embedding: Float32Array) => {
    const features = Array.from(embedding);
    if (flags.json) results.push({ path, features });
    const line = JSON.stringify({ path, features });
    if (file) await file.write(line);
    else if (!flags.json) await print(line);
  };
  try {
    const quiet = file !== null || flags.json === true;
    const { model } = flags;
    const options = { ...loadOptions(flags, context), ...callOptions(flags), model };
    const load = () =>
      rowsRunner({ ...options, task: 'image-feature-extraction' }, ({ embedding }) => embedding);
    const failed = await runBatches({ args, quiet, load, onResult }, context);
    // An old file is worth more than an empty one.
    if (file && file.count > 0) await file.commit();
    if (flags.json) await print(JSON.stringify({ results, failed }));
  } finally {
    await file?.discard();
  }
}
