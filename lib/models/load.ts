// From a source, or from a config alone, to a network that is ready to run.
import { loadBinding } from '../binding/load';
import type { LoadRequest } from '../binding/types';
import { CONFIG_FIELDS } from '../config/bit_config_fields';
import {
  checkModelOptions,
  checkSeed,
  FROM_CONFIG_CHECKS,
  type FromConfigOptions,
} from '../config/model_options';
import { networkSpec } from '../config/network_spec';
import { checkOptions, only } from '../config/options';
import { PRETRAINED_CHECKS } from '../config/pretrained_options';
import { reportLoad, traceLoad } from '../diagnostics';
import { invalid } from '../errors';
import { resolveSource } from '../hub/resolve';
import { throwIfAborted } from '../signal';
import { BitConfig } from './bit_config';
import { isAborted, reportingFailure } from './failures';
import type { Kind } from './kind';
import { LENIENCE_CHECKS, LOAD_CHECKS, type LoadOptions } from './load_options';
import { isBitConfig, ownConfig } from './own_config';
import { Runner } from './runner';
import { describeModel } from './share';
import { warnOfMissing } from './warnings';

/** Unless asked otherwise, a checkpoint that does not fit is refused. */
const STRICT = { ignoreMismatchedSizes: false, ignoreMissingKeys: false };

/** Reads config and weights of `source` (a directory, a checkpoint file, a hub id). */
export async function loadPretrained(
  kind: Kind,
  source: string,
  options: LoadOptions,
): Promise<Runner> {
  const runner = await loadQuietly(kind, source, options);
  warnOfMissing(kind.architecture, source, runner.session.loadingInfo);
  return runner;
}

/** The same for those who show what is missing themselves. */
export async function loadQuietly(
  kind: Kind,
  source: string,
  options: LoadOptions,
): Promise<Runner> {
  const event = { model: kind.architecture, operation: 'load' } as const;
  return reportingFailure(event, isAborted(options), async () => {
    const given = checkOptions(options, LOAD_CHECKS);
    const model = checkModelOptions(given);
    const seed = checkSeed(given.seed);
    const base = given.config
      ? ownConfig(given.config)
      : await BitConfig.fromPretrained(source, only(given, PRETRAINED_CHECKS));
    const config = base.with(only(given, CONFIG_FIELDS));
    const { weights } = await resolveSource(source, given, 'model');
    return open(kind, source, config, {
      files: weights.files,
      ...STRICT,
      ...only(given, LENIENCE_CHECKS),
      seed,
      ...model,
    }).then((runner) => unlessAborted(runner, given.signal));
  });
}

/** Random weights in transformers' distributions. */
export async function loadRandom(
  kind: Kind,
  config: BitConfig,
  options: FromConfigOptions,
): Promise<Runner> {
  const event = { model: kind.architecture, operation: 'load' } as const;
  return reportingFailure(event, isAborted(null), async () => {
    if (!isBitConfig(config)) throw invalid('ERR_BIT_CONFIG', 'config', 'a BitConfig', config);
    const given = checkOptions(options, FROM_CONFIG_CHECKS);
    const model = checkModelOptions(given);
    return open(kind, null, ownConfig(config), {
      files: [],
      ...STRICT,
      seed: checkSeed(given.seed),
      ...model,
    });
  });
}

async function open(
  kind: Kind,
  source: string | null,
  config: BitConfig,
  options: Omit<LoadRequest, 'spec' | 'prefix' | 'description'>,
): Promise<Runner> {
  const { architecture: model, hasHead, prefix } = kind;
  const spec = networkSpec(config, hasHead ? config.numLabels : null);
  const description = describeModel(kind, config);
  const start = performance.now();
  const load = () => loadBinding().load({ spec, prefix, description, ...options });
  const session = await traceLoad({ model, source }, async () => load());
  const { device, dtype } = session;
  reportLoad({ model, source, device, dtype, milliseconds: performance.now() - start });
  return new Runner(kind, config, session);
}

/** What is loaded natively does not stop on the way. */
function unlessAborted(runner: Runner, signal: AbortSignal | undefined): Runner {
  if (signal?.aborted) void runner.session.dispose();
  throwIfAborted(signal);
  return runner;
}
