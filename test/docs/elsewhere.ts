// What of the manual is not run where its other blocks are: why, and what runs it instead.
import type { Block } from './blocks';

export interface Elsewhere {
  /** A line of shell that it is about; of other languages any line of the program. */
  line: RegExp;
  /** Its files; default all. */
  file?: RegExp;
  why: string;
  /** A file of tests, a command, or who does it. */
  by: string;
}

/** Programs that are listed are compiled all the same. */
export const ELSEWHERE: Elsewhere[] = [
  {
    line: /^npm install (?!node-addon-api)/,
    why: 'takes the package from a registry',
    by: 'test/package/npm.package.ts',
  },
  {
    line: /^npm install node-addon-api/,
    why: 'compiles the addon from the published sources for minutes',
    by: 'test/package/from_source.package.ts',
  },
  {
    line: /^(npm ci|npm test)\b/,
    why: 'are the commands that this test is a part of',
    by: '.ci/run',
  },
  {
    line: /--queue redis:/,
    why: 'needs a Redis at the port that it names',
    by: 'test/docs/fleet.test.ts, with one of its own; S3 by test/batch/store/s3.test.ts',
  },
  {
    line: /^(torchrun|srun) /,
    why: 'need PyTorch, Slurm and several machines',
    by: 'test/training/peers/place.test.ts and test/cli/processes.test.ts, with the same variables on one machine',
  },
  {
    line: /libtorch (fetch|remove)/,
    why: 'brings gigabytes, and takes away the libtorch that the tests run on',
    by: 'test/libtorch/fetch.test.ts, test/libtorch/fetch_cuda.test.ts and test/cli/libtorch.test.ts',
  },
  {
    line: /build:cuda|test:gpu/,
    why: 'need nvcc or a GPU',
    by: 'test/binding/build_cuda.test.ts compiles; whoever has a GPU runs test/gpu',
  },
  {
    line: /bench:gpu/,
    why: 'needs a GPU',
    by: 'test/gpu; `npm run bench:gpu -- --check` runs it on the CPU',
  },
  {
    line: /device: 'cuda(:all)?'/,
    why: 'needs a GPU',
    by: 'test/gpu/parity.gpu.js and test/gpu/concurrency.gpu.js',
  },
  {
    line: /esbuild/,
    why: 'needs a bundler',
    by: 'test/package/bundlers.package.ts, with each bundler',
  },
  {
    line: /^npm run (test:mutate|prebuild|package|test:package|test:matrix)/,
    file: /docs\/(mutation|releasing)\.md/,
    why: 'take many minutes or hours, and registries',
    by: 'whoever releases; test/mutation has their last results',
  },
];

/** Whether it is said of this line, or of any of a program's. */
export function entryFor({ file }: Pick<Block, 'file'>, line: string): Elsewhere | undefined {
  return ELSEWHERE.find((each) => each.line.test(line) && (each.file?.test(file) ?? true));
}
