// Options of a model's calls: forward(), profile() and dispose().
import { anything, boolean, callPriority } from './checks';
import type { OptionChecks } from './options';

/**
 * Of a call of a model.
 * @category Models
 */
export interface ForwardOptions {
  /** Return the stem's and every stage's output; default the config's outputHiddenStates. */
  outputHiddenStates?: boolean;
  /** Rejects with its reason; a waiting call leaves the queue, a running one stops between layers. */
  signal?: AbortSignal;
  /** Calls of a higher priority start first, those of one in their order: an integer from -1000 to 1000, default 0. */
  priority?: number;
}

/** The signal is checked where it is used. */
export const FORWARD_CHECKS: OptionChecks<ForwardOptions> = {
  outputHiddenStates: boolean,
  signal: anything,
  priority: callPriority,
};

/**
 * Of dispose().
 * @category Models
 */
export interface DisposeOptions {
  /** Stops the calls in flight, which reject with ERR_BIT_DISPOSED, rather than wait for them. */
  cancel?: boolean;
}

export const DISPOSE_CHECKS: OptionChecks<DisposeOptions> = { cancel: boolean };
