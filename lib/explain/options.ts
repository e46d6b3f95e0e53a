// Options of classActivationMap() and of its pictures.
import { anything, boolean, count, fraction, oneOf, positive, type Check } from '../config/checks';
import type { OptionChecks } from '../config/options';
import type { BitImageProcessor } from '../models/bit_image_processor';
import { CLASSIFICATION_CHECKS, type ClassificationOptions } from '../pipelines/options';

/**
 * A class by its index in the logits or by its label.
 * @category Explanations
 */
export type Target = number | string;

const isTarget = (value: unknown): value is Target =>
  typeof value === 'string' || (Number.isSafeInteger(value) && (value as number) >= 0);

const target: Check = {
  expected: "a class's index or label, or a non-empty array of them",
  test: (value) =>
    isTarget(value) || (Array.isArray(value) && value.length > 0 && value.every(isTarget)),
};

/**
 * Of {@link classActivationMap}.
 * @category Explanations
 */
export interface ClassActivationOptions extends ClassificationOptions {
  /** The class to explain, by index or label; several in a list, for a map of each. Default: the best one. */
  target?: Target | readonly Target[];
  /** In place of `target`: each image's best classes, so many, or as many as there are. */
  topK?: number;
  /** How images become pixel values; for a model that comes without a pipeline. */
  processor?: BitImageProcessor;
}

/** The processor is checked where it is used. */
export const CLASS_ACTIVATION_CHECKS: OptionChecks<ClassActivationOptions> = {
  ...CLASSIFICATION_CHECKS,
  target,
  processor: anything,
};

/**
 * How a map is shown over its picture.
 * @category Explanations
 */
export interface OverlayOptions {
  /**
   * The picture that the map lies on: 'original' (default), upright and whole, with what the crop
   * cut off in the dark; or 'input', as the network saw it.
   */
  on?: 'original' | 'input';
  /** Which of the image's targets, by its place among them; default 0. */
  target?: number;
  /** Of the strongest colour, from 0 to 1; default 0.6. */
  opacity?: number;
  /** Longer sides of an original are made so long, in pixels; default: as long as they are. */
  maxSide?: number;
  /**
   * Whether pixels that speak against the class are coloured (blue) beside those that speak for it
   * (red); default true.
   */
  against?: boolean;
  /** Whether the picture is shown in grey, so that its own colours are not taken for the map's; default true. */
  grey?: boolean;
  /** Ends it, which then rejects with its reason. */
  signal?: AbortSignal;
  /** How long the server of a URL may be silent, in milliseconds; default 30,000. */
  timeoutMs?: number;
}

const place: Check = {
  expected: 'an integer from 0',
  test: (value) => Number.isSafeInteger(value) && (value as number) >= 0,
};

/** The signal is checked where it is used. */
export const OVERLAY_CHECKS: OptionChecks<OverlayOptions> = {
  on: oneOf('original', 'input'),
  target: place,
  opacity: fraction,
  maxSide: count,
  against: boolean,
  grey: boolean,
  signal: anything,
  timeoutMs: positive,
};
