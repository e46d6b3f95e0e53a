// Handles by which worker threads open a model that another thread has loaded.
import { loadBinding } from '../binding/load';
import { BitError, invalid } from '../errors';
import { BitConfig } from './bit_config';
import type { Kind } from './kind';
import { Runner } from './runner';

/**
 * What model.share() returns: plain data to be posted to a worker thread of this process. It keeps
 * nothing in memory, so that one lost on the way costs nothing.
 * @category Models
 */
export interface SharedModel {
  /** The class whose fromShared() opens it. */
  readonly architecture: string;
  /** Id of the process in which it can be opened. */
  readonly process: number;
  /** Drawn at random; what it says is known to the copy of the package that shared the model. */
  readonly token: string;
  /** Of a backbone: the maps that it returns. */
  readonly outIndices?: readonly number[];
}

/** What a session keeps of its model for other threads. */
export function describeModel({ architecture }: Kind, config: BitConfig): string {
  return JSON.stringify({ architecture, config: config.toJSON() });
}

export function toShared({ kind, session }: Runner): SharedModel {
  return { architecture: kind.architecture, process: process.pid, token: session.share() };
}

/**
 * A model of its own on the same weights.
 * @throws BitError ERR_BIT_CONFIG for something else, or a handle of another class, process or copy
 * of the package; ERR_BIT_DISPOSED when no model holds the weights any more.
 */
export function openShared(kind: Kind, handle: SharedModel): Runner {
  const { architecture } = kind;
  const given = handle as Partial<SharedModel> | null;
  if (typeof given !== 'object' || given === null || typeof given.token !== 'string')
    throw invalid('ERR_BIT_CONFIG', 'handle', 'what model.share() returned', handle);
  if (given.process !== process.pid)
    throw new BitError(
      'ERR_BIT_CONFIG',
      'The model was shared in another process: weights are shared between threads of one process',
    );
  const session = loadBinding().openShared(given.token);
  try {
    const shared = JSON.parse(session.description) as { architecture: string; config: object };
    if (shared.architecture !== architecture || given.architecture !== architecture)
      throw invalid('ERR_BIT_CONFIG', 'handle', `a handle of ${architecture}`, shared.architecture);
    const config = BitConfig.fromJSON(shared.config) as BitConfig;
    const changed = config.with({ outIndices: given.outIndices as number[] });
    return new Runner(kind, changed, session);
  } catch (error) {
    void session.dispose();
    throw error;
  }
}
