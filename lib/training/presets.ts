// What a run is trained with where its options say nothing, by the name of a preset.
import { mixupFor, resolutionFor, scheduleFor, type Resolution } from './hyper_rule';

/**
 * 'paper': the BiT-HyperRule as it was published. 'light': Google's own advice for one GPU, a quarter of the batch and a
 * third of the rate. 'cpu': batches, pictures and steps that a few cores do in minutes.
 * @category Training
 */
export type Preset = 'paper' | 'light' | 'cpu';

export interface Recipe {
  batchSize: number;
  learningRate: number;
  schedule: number[];
  mixup: number;
  resolution: Resolution;
}

/** What a preset is chosen by. */
export interface RecipeBasis {
  examples: number;
  /** Pixels of a typical picture. */
  area: number;
  /** Side of the pictures that the model was made for. */
  modelSide: number;
}

/** Of batch size 512 and rate 0.003 in the paper, Google's README makes this for a single GPU. */
const LIGHT = { batchSize: 128, learningRate: 0.001 };
const PAPER = { batchSize: 512, learningRate: 0.003 };
/** The rate of the paper with a batch that a small machine does in a second or so. */
const CPU = { batchSize: 32, learningRate: 0.003 };
/** Of the steps of the paper; the cuts of the rate move with them. */
const CPU_STEPS = 0.2;
/** Resized to over cropped, as 160 over 128 in the paper. */
const MARGIN = 1.25;

export function recipeFor(preset: Preset, { examples, area, modelSide }: RecipeBasis): Recipe {
  const byRule = {
    schedule: scheduleFor(examples),
    mixup: mixupFor(examples),
    resolution: resolutionFor(area),
  };
  switch (preset) {
    case 'paper':
      return { ...PAPER, ...byRule };
    case 'light':
      return { ...LIGHT, ...byRule };
    case 'cpu':
      return {
        ...CPU,
        ...byRule,
        schedule: byRule.schedule.map((step) => Math.round(step * CPU_STEPS)),
        resolution: { resize: Math.round(modelSide * MARGIN), crop: modelSide },
      };
  }
}
