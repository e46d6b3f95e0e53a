// Runs the images that arguments mean; one that cannot be used is told of and the rest goes on.

import { listImages, type ListedImage, type RowError } from '../index';
import { EXIT, type Context } from './context';
import { Progress } from './progress';

/** An image that gave no result. */
export interface FailedImage extends RowError {
  path: string;
}

/** What became of an image. */
export type Outcome<T> =
  | { path: string; result: T; error?: undefined }
  | { path: string; result?: undefined; error: RowError };

/** A loaded model. */
export interface Runner<T> {
  /** What becomes of each image, in order; some are under way at once. */
  settled(paths: AsyncIterable<string>): AsyncIterable<Outcome<T>>;
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

/**
 * Runs all images that the arguments mean; failures are told on standard error and returned.
 * @throws what loading and running reject with when it is not about an image
 */
export async function runBatches<T>(job: BatchJob<T>, context: Context): Promise<FailedImage[]> {
  const progress = new Progress(process.stderr.isTTY && (job.quiet || !process.stdout.isTTY));
  const failed: FailedImage[] = [];
  let done = 0;
  let missing = 0;
  const fail = (path: string, { code, message }: RowError) => {
    failed.push({ path, code, message });
    progress.note(`error: ${path}: ${message}`);
  };
  const listing = listImages(job.args, { signal: context.signal });
  const paths = readable(listing, ({ path, problem = '' }) => {
    missing++;
    fail(path, { code: 'ERR_BIT_IMAGE', message: problem });
  });
  const first = await paths.next();
  if (!first.done) {
    const runner = await job.load();
    try {
      for await (const { path, result, error } of runner.settled(chain(first.value, paths))) {
        if (error) fail(path, error);
        else await job.onResult(path, result);
        const total = listing.total === null ? null : listing.total - missing;
        progress.update(
          'images',
          ++done,
          total,
          total === null ? `${done}` : `${done} of ${total}`,
        );
      }
    } finally {
      progress.stop();
      await runner.dispose();
    }
  }
  if (failed.length > 0) {
    context.exitCode = EXIT.failed;
    process.stderr.write(`${failed.length} of ${done + missing} failed\n`);
  }
  return failed;
}

async function* readable(
  listing: AsyncIterable<ListedImage>,
  onProblem: (listed: ListedImage) => void,
): AsyncGenerator<string, void, undefined> {
  for await (const listed of listing) {
    if (listed.problem === undefined) yield listed.path;
    else onProblem(listed);
  }
}

async function* chain<T>(first: T, rest: AsyncIterable<T>): AsyncGenerator<T> {
  yield first;
  yield* rest;
}
