// The cases of test/reference/explanations.json: maps that transformers' BiT gives, and pictures of them.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { BitForImageClassification, BitImageProcessor } from '../../lib';
import { IMAGES } from './pictures';
import { REFERENCE } from './reference';

export interface ExplanationCase {
  /** A folder of test/reference/models. */
  model: string;
  picture: string;
  /** In the keys of preprocessor_config.json. */
  processor: Record<string, unknown>;
  /** Of the painted picture. */
  options: {
    on?: 'original' | 'input';
    grey?: boolean;
    opacity?: number;
    against?: boolean;
    max_side?: number;
  };
  /** The class that was painted: the best one, or one of the others. */
  target: number;
  /** [numLabels][h][w]. */
  maps: number[][][];
  logits: number[];
  bias: number[];
}

export const explanationCases = Object.entries(
  (
    JSON.parse(readFileSync(join(REFERENCE, 'explanations.json'), 'utf8')) as {
      cases: Record<string, ExplanationCase>;
    }
  ).cases,
);

/** The file of the painted picture. */
export const paintedCase = (name: string) => join(REFERENCE, 'explanations', `${name}.png`);

/** What a case is made by. */
export async function openCase({ model, picture, processor }: ExplanationCase) {
  return {
    model: await BitForImageClassification.fromPretrained(join(REFERENCE, 'models', model)),
    processor: BitImageProcessor.fromJSON(processor) as BitImageProcessor,
    picture: join(IMAGES, picture),
  };
}
