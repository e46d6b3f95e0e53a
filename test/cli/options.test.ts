// What the options that commands share become: those of loading, and of calls.
import { Command } from 'commander';
import {
  addImageOptions,
  addSourceOptions,
  callOptions,
  loadOptions,
  sourceOptions,
  type ImageFlags,
  type SourceFlags,
} from '../../lib/cli/options';

const { signal } = new AbortController();
const context = { args: [], signal, exitCode: 0 };
const onProgress = expect.any(Function) as () => void;

/** What commander makes of these arguments. */
function flagsOf<Flags extends object>(add: (command: Command) => Command, args: string[]): Flags {
  const quiet = { writeErr: () => undefined };
  const command = add(new Command()).exitOverride().configureOutput(quiet);
  return command.parse(args, { from: 'user' }).opts<Flags>();
}

const imageFlags = (...args: string[]) => flagsOf<ImageFlags>(addImageOptions, args);
const sourceFlags = (...args: string[]) => flagsOf<SourceFlags>(addSourceOptions, args);

test('without any, the defaults count, and nothing else is said', () => {
  const flags = imageFlags();
  expect(flags).toStrictEqual({
    model: 'bit-mini-scenes',
    batchSize: 8,
    device: 'auto',
    dtype: 'float32',
    timeout: 30,
  });
  const expected = { signal, onProgress, device: 'auto', dtype: 'float32' };
  expect(loadOptions(flags, context)).toStrictEqual(expected);
  expect(sourceOptions(sourceFlags(), context)).toStrictEqual({ signal, onProgress });
});

test('--revision and --offline say where a model comes from', () => {
  const from = (...args: string[]) => sourceOptions(sourceFlags(...args), context);
  expect(from('--revision', 'v1')).toStrictEqual({ signal, onProgress, revision: 'v1' });
  expect(from('--offline')).toStrictEqual({ signal, onProgress, localFilesOnly: true });
  expect(from('--offline', '--revision', 'v1')).toStrictEqual({
    signal,
    onProgress,
    revision: 'v1',
    localFilesOnly: true,
  });
});

test('all that loading is told, in one', () => {
  const where = ['--model', 'owner/bit', '--revision', 'v1', '--offline'];
  const how = ['--device', 'cuda:1', '--dtype', 'bfloat16', '--threads', '3'];
  const flags = imageFlags(...where, ...how);
  expect(flags.model).toBe('owner/bit');
  expect(loadOptions(flags, context)).toStrictEqual({
    signal,
    onProgress,
    revision: 'v1',
    localFilesOnly: true,
    device: 'cuda:1',
    dtype: 'bfloat16',
    threads: 3,
  });
});

test('--timeout is given in seconds, and --batch-size to the queue too', () => {
  expect(callOptions(imageFlags('--timeout', '1.5', '--batch-size', '3'))).toStrictEqual({
    timeoutMs: 1500,
    batchSize: 3,
    batching: { maxBatch: 3 },
  });
});

test.each([
  ['--device', ['auto', 'cpu', 'cuda', 'cuda:0', 'cuda:all'], ['', 'gpu', 'cuda:', 'cpu:0']],
  ['--dtype', ['auto', 'float32', 'bfloat16', 'float16'], ['', 'int8', 'Float32']],
  ['--threads', ['1', '64'], ['0', '-1', '1.5', '', 'all', '9007199254740992']],
  ['--batch-size', ['1', '64'], ['0', '-1', '1.5', '', 'all', '9007199254740992']],
  ['--timeout', ['0.001', '1', '1e9'], ['0', '-0', '-1', '', 'soon', 'Infinity', 'NaN']],
])('%s takes %j, and not %j', (name, good, bad) => {
  for (const value of good) expect(() => imageFlags(name, value)).not.toThrow();
  for (const value of bad)
    expect(() => imageFlags(name, value)).toThrow(
      expect.objectContaining({ code: 'commander.invalidArgument' }) as Error,
    );
});
