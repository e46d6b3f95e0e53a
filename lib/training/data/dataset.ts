// What a network learns from: pictures that can be read, each with what it should say of it.
import type { ImageInput } from '../../image/input';

/**
 * How labels are to be taken; transformers' names.
 * @category Training
 */
export type ProblemType =
  'regression' | 'single_label_classification' | 'multi_label_classification';

/**
 * One picture, and what a network should say of it.
 * @category Training
 */
export interface Example {
  /** What it is called in messages and reports. */
  path: string;
  /** The picture itself, or where it is. */
  image: ImageInput;
  /** The number of its class; of several labels 1 or 0 for each, of a regression the values. */
  target: number | number[];
}

/**
 * Pictures with their labels.
 * @category Training
 */
export interface Dataset {
  /** How targets are to be taken. */
  problemType: ProblemType;
  /** Of the classes or values, in the order of id2label. */
  labels: string[];
  /** In any order. */
  examples: Example[];
  /** What was found and cannot be used, such as a row without a label. */
  problems: DatasetProblem[];
}

/**
 * What was found in data and left out.
 * @category Training
 */
export interface DatasetProblem {
  /** Of the picture, or the row of a table. */
  path: string;
  /** Why it cannot be used. */
  message: string;
}
