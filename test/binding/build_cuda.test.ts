// `npm run build:cuda` where it cannot work: it says what is missing before it builds anything.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ROOT, runProgram } from '../support/child';
import { temporaryFolder } from '../support/temporary';

const folder = temporaryFolder();

/** A directory that has the names of a libtorch with headers, for the CPU or for CUDA. */
function fakeLibtorch(version: string, libraries: string[]): string {
  const directory = join(folder, version);
  const headers = ['include/ATen/ATen.h', 'share/cmake/Torch/TorchConfig.cmake'];
  for (const name of [...headers, ...libraries.map((library) => `lib/lib${library}.so`)]) {
    mkdirSync(dirname(join(directory, name)), { recursive: true });
    writeFileSync(join(directory, name), '');
  }
  writeFileSync(join(directory, 'build-version'), version);
  return directory;
}

/** What it complains of. */
async function buildCuda(env: Record<string, string>): Promise<string> {
  const script = join(ROOT, 'scripts', 'build-native.js');
  const run = runProgram(process.execPath, [script, '--cuda'], {
    cwd: ROOT,
    env: { ...process.env, ...env },
  });
  const failed = (await run.catch((error: unknown) => error)) as { code: number; stderr: string };
  expect(failed.code).toBe(1);
  return failed.stderr;
}

test('with a libtorch for the CPU', async () => {
  const BIGTRANSFER_LIBTORCH = fakeLibtorch('2.13.0+cpu', ['c10', 'torch_cpu']);
  expect(await buildCuda({ BIGTRANSFER_LIBTORCH })).toContain(
    'it is 2.13.0+cpu, a build for the CPU',
  );
});
