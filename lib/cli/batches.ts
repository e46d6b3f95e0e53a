// Runs the images that arguments mean; one that cannot be used is told of and the rest goes on.

import type { Settled } from '../index';
import { EXIT, type Context } from './context';
import { expandPaths } from './paths';
import { Progress } from './progress';

/** An image that gave no result. */
export interface FailedImage {
  path: string;
  code: string;
  message: string;
}

/** A loaded model. */
export interface Runner<T> {
  /** What becomes of each image, in order; some are under way at once. */
  settled(paths: readonly string[]): AsyncIterable<Settled<T>>;
  dispose(): Promise<void>;
}

export interface BatchJob<T> {
  args: readonly string[];
  /** Whether results are not seen on the terminal, so that a bar is needed. */
  quiet: boolean;
  /** Called when there are images to run. */
  load(): Promise<Runner<T>>;
  /** In the order of the images. */
  onResult(path: string, result: T): Promise<void> | void;
}

type Fail = (path: string, code: string, message: string) => void;

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
  if (paths.length > 0) await runAll(paths, job, progress, fail);
  if (failed.length > 0) {
    context.exitCode = EXIT.failed;
    process.stderr.write(`${failed.length} of ${paths.length + problems.length} failed\n`);
  }
  return failed;
}

async function runAll<T>(
  paths: string[],
  job: BatchJob<T>,
  progress: Progress,
  fail: Fail,
): Promise<void> {
  const runner = await job.load();
  try {
    for await (const { index, result, error } of runner.settled(paths)) {
      const path = paths[index] as string;
      if (error) fail(path, error.code, withoutPath(error.message, path));
      else await job.onResult(path, result as T);
      progress.update('images', index + 1, paths.length, `${index + 1} of ${paths.length}`);
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
