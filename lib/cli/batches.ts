// Runs many images, some at a time; one that cannot be used is set aside and the rest goes on.

import { BitError } from '../index';
import { EXIT, type Context } from './context';
import { expandPaths } from './paths';
import { Progress } from './progress';
import { codeOf, messageOf } from './report';

/** An image that gave no result. */
export interface FailedImage {
  path: string;
  code: string;
  message: string;
}

/** A loaded model. */
export interface Runner<T> {
  /** Calls in flight together go through the network together. */
  run(path: string): Promise<T>;
  dispose(): Promise<void>;
}

export interface BatchJob<T> {
  args: readonly string[];
  batchSize: number;
  /** Whether results are not seen on the terminal, so that a bar is needed. */
  quiet: boolean;
  /** Called when there are images to run. */
  load(): Promise<Runner<T>>;
  /** In the order of the images. */
  onResult(path: string, result: T): Promise<void> | void;
}

type Fail = (path: string, code: string, message: string) => void;

/** Images in flight for each of a batch: one batch is computed while the next ones are read. */
const BATCHES_IN_FLIGHT = 3;

/**
 * Runs all images that the arguments mean; failures are told on standard error and returned.
 * @throws what loading and running reject with when it is not about an image
 */
export async function runBatches<T>(job: BatchJob<T>, context: Context): Promise<FailedImage[]> {
  const { paths, problems } = await expandPaths(job.args, context.signal);
  const progress = new Progress(process.stderr.isTTY && (job.quiet || !process.stdout.isTTY));
  const failed: FailedImage[] = [];
  const fail: Fail = (path, code, message) => {
    failed.push({ path, code, message });
    progress.note(`error: ${path}: ${message}`);
  };
  for (const { path, why } of problems) fail(path, 'ERR_BIT_IMAGE', why);
  if (paths.length > 0) await runAll(paths, job, context, progress, fail);
  if (failed.length > 0) {
    context.exitCode = EXIT.failed;
    process.stderr.write(`${failed.length} of ${paths.length + problems.length} failed\n`);
  }
  return failed;
}

/** What became of an image, or an error that is about no image. */
type Outcome<T> = { result: T } | { error: unknown };

async function runAll<T>(
  paths: string[],
  job: BatchJob<T>,
  context: Context,
  progress: Progress,
  fail: Fail,
): Promise<void> {
  const runner = await job.load();
  const outcomeOf = (path: string): Promise<Outcome<T>> =>
    runner.run(path).then(
      (result) => ({ result }),
      (error: unknown) => ({ error }),
    );
  try {
    const inFlight: Promise<Outcome<T>>[] = [];
    let started = 0;
    for (const [done, path] of paths.entries()) {
      while (started < paths.length && inFlight.length < BATCHES_IN_FLIGHT * job.batchSize)
        inFlight.push(outcomeOf(paths[started++] as string));
      const outcome = (await inFlight.shift()) as Outcome<T>;
      context.signal.throwIfAborted();
      if ('result' in outcome) await job.onResult(path, outcome.result);
      else if (!isAboutImage(outcome.error)) throw outcome.error;
      else fail(path, codeOf(outcome.error) ?? '', withoutPath(messageOf(outcome.error), path));
      progress.update('images', done + 1, paths.length, `${done + 1} of ${paths.length}`);
    }
  } finally {
    progress.stop();
    await runner.dispose();
  }
}

/** What is wrong with an image, where its path is said already. */
function withoutPath(message: string, path: string): string {
  return message.replace(` ${path}:`, ':');
}

function isAboutImage(error: unknown): boolean {
  return (
    error instanceof BitError && (error.code === 'ERR_BIT_IMAGE' || error.code === 'ERR_BIT_SHAPE')
  );
}
