// Runs many images in batches; an image that cannot be used is set aside and the rest goes on.

import { existsSync } from 'node:fs';
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
  /** One result for each path. */
  run(paths: string[]): Promise<T[]>;
  dispose(): Promise<void>;
}

export interface BatchJob<T> {
  args: readonly string[];
  batchSize: number;
  /** Whether results are not seen on the terminal, so that a bar is needed. */
  quiet: boolean;
  /** Called when there are images to run. */
  load(): Promise<Runner<T>>;
  onResult(path: string, result: T): Promise<void> | void;
}

type Fail = (path: string, code: string, message: string) => void;

/**
 * Runs all images that the arguments mean; failures are told on standard error and returned.
 * @throws what loading and running reject with when it is not about an image
 */
export async function runBatches<T>(job: BatchJob<T>, context: Context): Promise<FailedImage[]> {
  const { paths, unmatched } = await expandPaths(job.args, context.signal);
  const progress = new Progress(process.stderr.isTTY && (job.quiet || !process.stdout.isTTY));
  const failed: FailedImage[] = [];
  const fail: Fail = (path, code, message) => {
    failed.push({ path, code, message });
    progress.note(`error: ${path}: ${message}`);
  };
  for (const path of unmatched) {
    const isFolder = existsSync(path);
    const why = isFolder ? 'there is no image in this folder' : 'there is no such image';
    fail(path, 'ERR_BIT_IMAGE', why);
  }
  if (paths.length > 0) await runAll(paths, job, context, progress, fail);
  if (failed.length > 0) {
    context.exitCode = EXIT.failed;
    process.stderr.write(`${failed.length} of ${paths.length + unmatched.length} failed\n`);
  }
  return failed;
}

async function runAll<T>(
  paths: string[],
  job: BatchJob<T>,
  context: Context,
  progress: Progress,
  fail: Fail,
): Promise<void> {
  const runner = await job.load();
  try {
    for (let start = 0; start < paths.length; start += job.batchSize) {
      context.signal.throwIfAborted();
      await runBatch(paths.slice(start, start + job.batchSize), runner, job, fail);
      const done = Math.min(start + job.batchSize, paths.length);
      progress.update('images', done, paths.length, `${done} of ${paths.length}`);
    }
  } finally {
    progress.stop();
    await runner.dispose();
  }
}

/** Without the image that the error names; one by one when it names none. */
async function runBatch<T>(
  batch: string[],
  runner: Runner<T>,
  job: BatchJob<T>,
  fail: Fail,
): Promise<void> {
  let rest = batch;
  while (rest.length > 0) {
    try {
      const results = await runner.run(rest);
      for (const [i, path] of rest.entries()) await job.onResult(path, results[i] as T);
      return;
    } catch (error) {
      if (!isAboutImage(error)) throw error;
      const index = rest.length === 1 ? 0 : (error as BitError).index;
      const path = index === undefined ? undefined : rest[index];
      if (path === undefined) {
        for (const single of rest) await runBatch([single], runner, job, fail);
        return;
      }
      fail(path, codeOf(error) ?? '', withoutPlace(messageOf(error), path));
      rest = rest.filter((_, i) => i !== index);
    }
  }
}

/** What is wrong with an image, where its path is said already. */
function withoutPlace(message: string, path: string): string {
  return message.replace(/^image \d+( of \d+)?: /i, '').replace(` ${path}:`, ':');
}

function isAboutImage(error: unknown): boolean {
  return (
    error instanceof BitError && (error.code === 'ERR_BIT_IMAGE' || error.code === 'ERR_BIT_SHAPE')
  );
}
