// What a network learns from: pictures that can be read, each with what it should say of it.
import type { ForwardRequest } from '../../binding/types';
import type { HeldImage, ImageInput } from '../../image/input';

/** How labels are to be taken; transformers' names. */
export type ProblemType = NonNullable<ForwardRequest['problemType']>;

/** One picture. */
export interface Example {
  /** What it is called in messages and reports. */
  path: string;
  /** The picture itself, or where it is. */
  image: ImageInput | HeldImage;
  /** The number of its class; of several labels 1 or 0 for each, of a regression the values. */
  target: number | number[];
}

export interface Dataset {
  problemType: ProblemType;
  /** Of the classes or values, in the order of id2label. */
  labels: string[];
  examples: Example[];
  /** What was found and cannot be used, such as a row without a label. */
  problems: DatasetProblem[];
}

export interface DatasetProblem {
  path: string;
  message: string;
}
