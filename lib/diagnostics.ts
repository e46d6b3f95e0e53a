// What is going on, for those who want to know: diagnostics channels, spans, and a debug log.
import { channel, tracingChannel } from 'node:diagnostics_channel';
import { debuglog } from 'node:util';

/**
 * Published on `bigtransfer:load`: a model is ready.
 * @category Watching
 */
export interface LoadEvent {
  /** The class, as BitForImageClassification. */
  model: string;
  /** What it came from; null for random weights. */
  source: string | null;
  /** Where it runs: 'cpu', 'cuda:0', … */
  device: string;
  /** What it computes in. */
  dtype: string;
  /** How long the native loading took. */
  milliseconds: number;
}

/**
 * Published on `bigtransfer:batch`: calls ran together.
 * @category Watching
 */
export interface BatchEvent {
  /** The class, as BitForImageClassification. */
  model: string;
  /** How many. */
  calls: number;
  /** Of all of them. */
  images: number;
  /** How long the first of them waited, in milliseconds. */
  queuedMs: number;
  /** How long the network took, in milliseconds. */
  computedMs: number;
}

/**
 * Published on `bigtransfer:error`: a load or a call failed. Stopped ones are no failures.
 * @category Watching
 */
export interface ErrorEvent {
  /** The class, as BitForImageClassification. */
  model: string;
  /** What was asked of it. */
  operation: 'load' | 'forward';
  /** What the caller gets too. */
  error: unknown;
}

/**
 * The context of the spans on the tracing channel `bigtransfer:forward`.
 * @category Watching
 */
export interface ForwardSpan {
  /** The class, as BitForImageClassification. */
  model: string;
  /** [N, C, H, W]. */
  shape: readonly number[];
  /** The call's own. */
  priority: number;
  /** How long it waited, in milliseconds; from the end of the call on. */
  queuedMs?: number;
  /** How long its batch took, in milliseconds; from the end of the call on. */
  computedMs?: number;
  /** Images of the batch that it ran in; from the end of the call on. */
  batchImages?: number;
}

/**
 * The context of the spans on the tracing channel `bigtransfer:load`.
 * @category Watching
 */
export interface LoadSpan {
  /** The class, as BitForImageClassification. */
  model: string;
  /** What it comes from; null for random weights. */
  source: string | null;
}

const loads = channel('bigtransfer:load');
const batches = channel('bigtransfer:batch');
const errors = channel('bigtransfer:error');
const loadSpans = tracingChannel<unknown, LoadSpan>('bigtransfer:load');
const forwardSpans = tracingChannel<unknown, ForwardSpan>('bigtransfer:forward');

/** Shown with NODE_DEBUG=bigtransfer. */
const debug = debuglog('bigtransfer');

export function reportLoad(event: LoadEvent): void {
  debug(
    '%s %s: %s, %s, %d ms',
    event.model,
    event.source ?? 'at random',
    event.device,
    event.dtype,
    event.milliseconds.toFixed(0),
  );
  loads.publish(event);
}

export function reportBatch(event: BatchEvent): void {
  debug(
    '%s: %d calls, %d images, %d ms',
    event.model,
    event.calls,
    event.images,
    event.computedMs.toFixed(1),
  );
  batches.publish(event);
}

export function reportError(event: ErrorEvent): void {
  debug('%s: %s failed: %s', event.model, event.operation, event.error);
  errors.publish(event);
}

/** Runs `work` as a span of `bigtransfer:load`. */
export function traceLoad<T>(span: LoadSpan, work: () => Promise<T>): Promise<T> {
  return loadSpans.tracePromise(work, span);
}

/** Runs `work` as a span of `bigtransfer:forward`, where anybody listens: a span takes its time. */
export function traceForward<T>(span: ForwardSpan, work: () => Promise<T>): Promise<T> {
  const { start, end, asyncStart, asyncEnd, error } = forwardSpans;
  const listeners = [start, end, asyncStart, asyncEnd, error];
  return listeners.some(({ hasSubscribers }) => hasSubscribers)
    ? forwardSpans.tracePromise(work, span)
    : work();
}
