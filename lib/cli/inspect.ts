// `bigtransfer inspect`: what a model is made of, what it costs, what its files hold.

import type { Command } from 'commander';
import { type Inspection, inspectModel } from '../index';
import type { Context } from './context';
import { type SourceFlags, addSourceOptions, positiveInteger, sourceOptions } from './options';
import { print, printJson, table } from './report';

interface Flags extends SourceFlags {
  size?: number;
  json?: boolean;
}

export function addInspect(program: Command, context: Context): void {
  const command = program
    .command('inspect')
    .description('Show the stages of a model, their cost, and what loads from its files')
    .argument('<source>', 'directory, checkpoint file or hub id')
    .option(
      '--size <n>',
      "height and width to count for (default: the processor's)",
      positiveInteger,
    )
    .option('--json', 'print one JSON document');
  addSourceOptions(command).action(async (source: string, flags: Flags) => {
    const size = flags.size === undefined ? {} : { size: flags.size };
    const found = await inspectModel(source, { ...sourceOptions(flags, context), ...size });
    await (flags.json
      ? printJson({ ...found, config: found.config.toJSON() })
      : print(describe(found)));
  });
}

function describe({
  inputSize,
  stages,
  parameters,
  multiplyAdds,
  loadingInfo,
  files,
}: Inspection): string {
  const rows = stages.map((row) => [
    row.name,
    row.outputShape.join(' x '),
    row.parameters.toLocaleString('en'),
    row.multiplyAdds.toLocaleString('en'),
  ]);
  const head = ['stage', 'output', 'parameters', 'multiply-adds'];
  const total = ['total', '', parameters.toLocaleString('en'), multiplyAdds.toLocaleString('en')];
  const { missingKeys, unexpectedKeys, mismatchedKeys } = loadingInfo;
  const mismatched = mismatchedKeys.map(
    ({ name, checkpointShape, modelShape }) =>
      `${name} (file ${checkpointShape}, model ${modelShape})`,
  );
  return [
    table([head, ...rows, total], [1, 2, 3]),
    '',
    `For one image of ${inputSize.height} x ${inputSize.width}.`,
    ...files.map((file) => `File: ${file}`),
    keys('Missing in the file (started at random)', missingKeys),
    keys('In the file, not in the model', unexpectedKeys),
    keys('Of another shape', mismatched),
  ].join('\n');
}

function keys(title: string, names: string[]): string {
  if (names.length === 0) return `${title}: none`;
  return [`${title}: ${names.length}`, ...names.map((name) => `  ${name}`)].join('\n');
}
