// `bigtransfer bench`: how fast a model runs here, and with --profile where its time goes.

import { constants } from 'node:buffer';
import type { Command } from 'commander';
import {
  BitError,
  BitForImageClassification,
  BitImageProcessor,
  type LayerTime,
  Tensor,
  systemInfo,
} from '../index';
import type { Context } from './context';
import {
  type ModelFlags,
  addModelOptions,
  loadOptions,
  sourceOptions,
  positiveInteger,
} from './options';
import { print, printJson, table } from './report';

interface Flags extends ModelFlags {
  batchSize: number;
  size?: number;
  runs: number;
  profile?: boolean;
  json?: boolean;
}

/** The first runs take longer: buffers grow, the processor's clock rises. */
const WARM_UP_RUNS = 3;

export function addBench(program: Command, context: Context): void {
  const command = program
    .command('bench')
    .description('Measure a model on random images, from pixel values to logits')
    .option('--size <n>', "height and width (default: the processor's)", positiveInteger)
    .option('--runs <n>', 'runs to take the median of', positiveInteger, 20)
    .option('--profile', 'show the time of each layer, in one more run, image after image')
    .option('--json', 'print one JSON document');
  addModelOptions(command).action((flags: Flags) => bench(flags, context));
}

async function bench(flags: Flags, context: Context): Promise<void> {
  const options = loadOptions(flags, context);
  await using model = await BitForImageClassification.fromPretrained(flags.model, options);
  const pixels = await noise(flags, context, model.config.numChannels);
  const measure = async (runs: number) => {
    const samples: number[] = [];
    for (let i = 0; i < runs; i++) {
      const start = performance.now();
      await model.forward(pixels, { signal: context.signal });
      samples.push(performance.now() - start);
    }
    return samples;
  };
  await measure(WARM_UP_RUNS);
  const samples = await measure(flags.runs);
  const layers: LayerTime[][] = [];
  for (let i = 0; flags.profile && i < flags.runs; i++) layers.push(await model.profile(pixels));
  const found = {
    model: flags.model,
    shape: pixels.shape,
    dtype: model.dtype,
    device: model.device,
    cpu: systemInfo().cpu,
    milliseconds: median(samples),
    imagesPerSecond: (1000 * flags.batchSize) / median(samples),
    samples,
    ...(flags.profile && { layers: medians(layers) }),
  };
  await (flags.json ? printJson(found) : print(describe(found)));
}

/** [N, C, H, W] of noise. */
async function noise(flags: Flags, context: Context, channels: number): Promise<Tensor> {
  const { height, width } = flags.size
    ? { height: flags.size, width: flags.size }
    : (await BitImageProcessor.fromPretrained(flags.model, sourceOptions(flags, context))).cropSize;
  const shape = [flags.batchSize, channels, height, width];
  const count = shape.reduce((product, size) => product * size, 1);
  if (count * Float32Array.BYTES_PER_ELEMENT > constants.MAX_LENGTH)
    throw new BitError(
      'ERR_BIT_OUT_OF_MEMORY',
      `Pixel values of ${shape.join(' x ')} are more than an array of JavaScript holds: use a ` +
        'smaller --batch-size or --size',
    );
  return Tensor.from(
    Float32Array.from({ length: count }, () => 2 * Math.random() - 1),
    shape,
  );
}

/** Each layer's median over the runs. */
function medians(runs: LayerTime[][]): LayerTime[] {
  const [first = []] = runs;
  return first.map((layer, index) => ({
    ...layer,
    milliseconds: median(runs.map((run) => run[index]?.milliseconds ?? 0)),
  }));
}

function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return ((sorted[(sorted.length - 1) >> 1] ?? 0) + (sorted[sorted.length >> 1] ?? 0)) / 2;
}

interface Found {
  model: string;
  shape: readonly number[];
  dtype: string;
  device: string;
  cpu: { capability: string; threads: number };
  milliseconds: number;
  imagesPerSecond: number;
  layers?: LayerTime[];
}

function describe(found: Found): string {
  const { model, shape, dtype, device, cpu, milliseconds, imagesPerSecond, layers } = found;
  const where = device === 'cpu' ? `cpu (${cpu.capability}, ${cpu.threads} threads)` : device;
  const lines = [
    `${model}, ${shape.join(' x ')}, ${dtype} on ${where}`,
    `${milliseconds.toFixed(2)} ms, ${imagesPerSecond.toFixed(1)} images per second (medians)`,
  ];
  return [...lines, ...(layers ? ['', profileTable(layers)] : [])].join('\n');
}

/** Two operations make a multiply-add. */
function profileTable(layers: LayerTime[]): string {
  const total = layers.reduce((sum, layer) => sum + layer.milliseconds, 0);
  const rows = layers.map(({ name, milliseconds, multiplyAdds }) => [
    name,
    milliseconds.toFixed(3),
    `${((100 * milliseconds) / total).toFixed(1)} %`,
    multiplyAdds > 0 ? ((2 * multiplyAdds) / milliseconds / 1e6).toFixed(0) : '',
  ]);
  const head = ['layer', 'ms', 'share', 'GFLOP/s'];
  return table([head, ...rows, ['total', total.toFixed(3), '', '']], [1, 2, 3]);
}
