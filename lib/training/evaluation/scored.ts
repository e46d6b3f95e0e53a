// What is measured: an example and what a network said of it.

/** One example. */
export interface Scored {
  /** What it is called. */
  path: string;
  /** As in a data set: the number of its class; of several labels 1 or 0 for each; the values of a regression. */
  target: number | readonly number[];
  /** Of each class or label a probability, 0 to 1; the values of a regression as they are. */
  scores: ArrayLike<number>;
}

/** Takes examples one at a time. */
export interface Measured<Result> {
  /** @throws BitError ERR_BIT_SHAPE for a target that does not fit; nothing is counted then. */
  add(example: Scored): void;
  /** Of all examples so far, as plain JSON. */
  result(): Result;
}
