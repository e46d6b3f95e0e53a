// Downloads pinned wheels through pip, which knows the user's mirrors, proxies and offline indexes.

import { spawn } from 'node:child_process';
import { PINNED } from './versions';

const PIPS = [['python3', '-m', 'pip'], ['pip3'], ['pip'], ['python', '-m', 'pip']];

/** What pip is to bring: a requirement such as `torch==2.14.1`, and the wheel that this is. */
export interface PipWheel {
  requirement: string;
  file: string;
}

/** Any Python will do: the wheels are only unpacked, so the tags are given rather than its own. */
function argumentsFor(wheels: readonly PipWheel[]): string[] {
  // name-version-python-abi-platform.platform.whl
  const platforms = wheels.flatMap(({ file }) =>
    (
      file
        .replace(/\.whl$/, '')
        .split('-')
        .at(-1) ?? ''
    ).split('.'),
  );
  return [
    ['download', '--no-deps', '--only-binary=:all:', '--extra-index-url', PINNED.index],
    ['--python-version', '3.11', '--implementation', 'cp', '--abi', 'cp311'],
    [...new Set(platforms)].flatMap((platform) => ['--platform', platform]),
    ['--retries', '0', '--timeout', '30', '--no-input', '--disable-pip-version-check'],
    ['--progress-bar', 'off', ...wheels.map(({ requirement }) => requirement)],
  ].flat();
}

interface Outcome {
  code: number | null;
  output: string;
}

/**
 * Brings wheels into `dir` through the first pip that there is.
 * @returns the command that did it
 * @throws Error that says which command failed and its last lines
 */
export async function pipDownload(
  dir: string,
  wheels: readonly PipWheel[],
  signal?: AbortSignal,
): Promise<string> {
  for (const [command = '', ...rest] of PIPS) {
    const outcome = await run(command, [...rest, ...argumentsFor(wheels), '-d', dir], signal);
    if (outcome === null || /No module named pip/.test(outcome.output)) continue;
    const name = [command, ...rest].join(' ');
    if (outcome.code === 0) return `${name} download`;
    throw new Error(`${name} download: ${lastError(outcome)}`);
  }
  throw new Error('pip download: there is no pip here');
}

/** Runs a program to its end; null when there is no such program. */
function run(command: string, args: string[], signal?: AbortSignal): Promise<Outcome | null> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: process.env,
      signal,
      windowsHide: true,
    });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'EACCES') resolve(null);
      else reject(signal?.aborted ? signal.reason : error);
    });
    child.once('close', (code) => resolve({ code, output }));
  });
}

function lastError({ code, output }: Outcome): string {
  const lines = output.split('\n').map((line) => line.trim());
  const errors = lines.filter((line) => line.startsWith('ERROR:'));
  return errors.at(-1) ?? lines.filter(Boolean).at(-1) ?? `exit code ${code}`;
}
