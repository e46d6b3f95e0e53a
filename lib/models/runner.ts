// What stands behind a model: its native session, the calls in flight there, and what is told of them.
import { setImmediate } from 'node:timers/promises';
import { JobGroup, runJob } from '../binding/job';
import type {
  ForwardRequest,
  ForwardResult,
  LayerTime,
  NativeSession,
  Wanted,
} from '../binding/types';
import {
  DISPOSE_CHECKS,
  FORWARD_CHECKS,
  type DisposeOptions,
  type ForwardOptions,
} from '../config/call_options';
import { checkOptions } from '../config/options';
import { reportBatch, traceForward, type ForwardSpan } from '../diagnostics';
import { BitError } from '../errors';
import type { BitConfig } from './bit_config';
import { isAborted, reportingFailure } from './failures';
import type { Kind } from './kind';
import { nativeInput, type ModelInputs } from './native_input';
import { warnOfDevices } from './warnings';

/** What a class asks of its network: some outputs, and a loss where there are labels. */
interface Part extends Partial<Pick<ForwardRequest, 'labels' | 'problemType'>> {
  outputs: Partial<Wanted>;
}

const NOTHING: Wanted = {
  lastHiddenState: false,
  poolerOutput: false,
  logits: false,
  hiddenStates: false,
  featureMaps: [],
};

/** A loaded network with its config; each model has one of its own. */
export class Runner {
  readonly kind: Kind;
  readonly session: NativeSession;
  /** What the network was made by; another one takes its place where a backbone is to return other maps. */
  config: BitConfig;
  private readonly jobs = new JobGroup();
  private disposal: Promise<void> | undefined;
  /** What calls reject with that dispose({ cancel: true }) stopped. */
  private stopped: BitError | undefined;

  constructor(kind: Kind, config: BitConfig, session: NativeSession) {
    this.kind = kind;
    this.config = config;
    this.session = session;
  }

  /** One pass through the network; `part` may refuse what it is made of. */
  forward(inputs: ModelInputs, options: ForwardOptions, part: () => Part): Promise<ForwardResult> {
    return this.run(inputs, options, false, () => {
      const { outputs, ...loss } = part();
      return { outputs: { ...outputs, hiddenStates: this.wantsHiddenStates(options) }, ...loss };
    });
  }

  async profile(inputs: ModelInputs, options: ForwardOptions): Promise<LayerTime[]> {
    const outputs = this.kind.hasHead
      ? { logits: true }
      : { lastHiddenState: true, poolerOutput: true };
    const { layers = [] } = await this.run(inputs, options, true, () => ({ outputs }));
    return layers;
  }

  wantsHiddenStates(options: ForwardOptions): boolean {
    return options?.outputHiddenStates ?? this.config.outputHiddenStates;
  }

  /** Waits for the calls in flight, or stops them; may be called again. */
  dispose(options: DisposeOptions): Promise<void> {
    const { cancel = false } = checkOptions<DisposeOptions>(options, DISPOSE_CHECKS);
    this.disposal ??= this.free();
    if (cancel) {
      this.stopped ??= new BitError(
        'ERR_BIT_DISPOSED',
        'The model was disposed of during the call',
      );
      this.jobs.stop(this.stopped);
    }
    return this.disposal;
  }

  /** Rejects, rather than throws, where the process is ending. */
  private async free(): Promise<void> {
    await this.session.dispose();
    // The last calls' answers may have come together with this, and go through more hands.
    await setImmediate();
  }

  /** One native run, traced and reported. */
  private run(
    inputs: ModelInputs,
    options: ForwardOptions,
    profile: boolean,
    part: () => Part,
  ): Promise<ForwardResult> {
    const model = this.kind.architecture;
    const isStopped = (error: unknown) => isAborted(options)() || error === this.stopped;
    return reportingFailure({ model, operation: 'forward' }, isStopped, async () => {
      const { signal, priority = 0 } = checkOptions<ForwardOptions>(options, FORWARD_CHECKS);
      const { outputs, labels = null, problemType = null } = part();
      const wanted = { ...NOTHING, ...outputs };
      const { pixelValues, pictures, shape } = nativeInput(inputs);
      const request: ForwardRequest = {
        pixelValues,
        pictures,
        labels,
        problemType,
        wanted,
        profile,
        priority,
      };
      const span: ForwardSpan = { model, shape, priority };
      const arrived = (result: ForwardResult) => reported(span, result);
      const call = () => runJob(() => this.session.forward(request), signal, this.jobs, arrived);
      return await traceForward(span, call);
    });
  }
}

/** Tells of the batch that a call ran in, once for each, and fills in the call's span. */
function reported(span: ForwardSpan, result: ForwardResult): void {
  const { queuedMs, computedMs, batchCalls: calls, batchImages, first } = result.times;
  Object.assign(span, { queuedMs, computedMs, batchImages });
  if (first) reportBatch({ model: span.model, calls, images: batchImages, queuedMs, computedMs });
  if (result.warnings) warnOfDevices(result.warnings);
}

/** Under a name of its own, which the models' types do not show, and which proxies of them have too. */
const RUNNER = Symbol('runner');

export function runBy(model: object, runner: Runner): void {
  Object.defineProperty(model, RUNNER, { value: runner });
}

/** Of a model, which has had one since it was made. */
export function runnerOf(model: object): Runner {
  return (model as { [RUNNER]: Runner })[RUNNER];
}
