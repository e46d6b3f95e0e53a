// The cases of test/reference/models: what transformers answered, and how ours is asked the same.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  BitBackbone,
  BitConfig,
  BitForImageClassification,
  BitModel,
  type Tensor,
} from '../../lib';
import { readSafetensors } from './safetensors';

export const REFERENCE = join(__dirname, '..', 'reference');
const MODELS = join(REFERENCE, 'models');

/** One question put to one model; tensor names point into the case's expected.safetensors. */
export interface Run {
  name: string;
  model_class: 'BitModel' | 'BitForImageClassification' | 'BitBackbone';
  /** Changes to config.json, in its keys. */
  config?: Record<string, unknown>;
  output_hidden_states?: boolean;
  inputs: { pixel_values: string; labels?: string };
  outputs?: Record<string, string>;
  missing_keys?: string[];
  unexpected_keys?: string[];
  out_features?: string[];
  out_indices?: number[];
  channels?: number[];
  problem_type?: string;
  /** Of networks that magnify rounding: how far transformers in float32 is from itself in float64. */
  rounding?: Record<string, number>;
  /** transformers' exception, where it has no answer. */
  error?: string;
}

export interface Case {
  name: string;
  directory: string;
  runs: Run[];
  expected: Map<string, Tensor>;
}

export function readCase(directory: string): Case {
  const { name, runs } = JSON.parse(readFileSync(join(directory, 'case.json'), 'utf8')) as Case;
  return {
    name,
    directory,
    runs,
    expected: readSafetensors(join(directory, 'expected.safetensors')),
  };
}

export function readCases(): Case[] {
  return readdirSync(MODELS, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => readCase(join(MODELS, name)));
}

const CLASSES = { BitModel, BitForImageClassification, BitBackbone };

/** Loads the case's files as the run asks. */
export async function loadRun({ directory }: Case, run: Run) {
  const json = JSON.parse(readFileSync(join(directory, 'config.json'), 'utf8')) as Record<
    string,
    unknown
  >;
  // Either list means both: the one that is not given follows.
  if (run.config && ('out_features' in run.config || 'out_indices' in run.config)) {
    delete json['out_features'];
    delete json['out_indices'];
  }
  const config = BitConfig.fromJSON({ ...json, ...run.config });
  return CLASSES[run.model_class].fromPretrained(directory, { config });
}

/** Our outputs under transformers' names: `logits`, `hidden_states.0`, … */
export async function runModel(
  model: Awaited<ReturnType<typeof loadRun>>,
  run: Run,
  expected: Map<string, Tensor>,
): Promise<Map<string, Tensor>> {
  const pixelValues = expected.get(run.inputs.pixel_values) as Tensor;
  const labels = run.inputs.labels ? expected.get(run.inputs.labels) : undefined;
  const options = { outputHiddenStates: run.output_hidden_states ?? false };
  const output = await model.forward(labels ? { pixelValues, labels } : pixelValues, options);
  const named = new Map<string, Tensor>();
  for (const [name, value] of Object.entries(output)) {
    const key = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    if (Array.isArray(value))
      value.forEach((tensor: Tensor, i) => named.set(`${key}.${i}`, tensor));
    else named.set(key, value as Tensor);
  }
  return named;
}
