jest.mock('../../lib/index', () => jest.requireActual('../../lib/errors'));
import { SingleBar } from 'cli-progress';
import { Progress, bytes, downloadBar } from '../../lib/cli/progress';

let log: unknown[][];
let isTTY: boolean;

/** What is drawn, and what is written beside it, in order. */
beforeEach(() => {
  log = [];
  isTTY = process.stderr.isTTY;
  for (const name of ['start', 'setTotal', 'update', 'stop'] as const)
    jest.spyOn(SingleBar.prototype, name).mockImplementation((...args: unknown[]) => {
      log.push([name, ...args]);
    });
  jest.spyOn(process.stderr, 'write').mockImplementation((text) => {
    log.push(['write', text]);
    return true;
  });
});

afterEach(() => {
  jest.restoreAllMocks();
  process.stderr.isTTY = isTTY;
});

test('a bar starts with the first update, and follows those after it', () => {
  const progress = new Progress(true);
  expect(log).toEqual([]);
  progress.update('images', 1, 4, '1 of 4');
  progress.update('more', 2, 5, '2 of 5');
  expect(log).toEqual([
    ['start', 4, 1, { label: 'images', done: '1 of 4' }],
    ['setTotal', 5],
    ['update', 2, { label: 'more', done: '2 of 5' }],
  ]);
});

test('a bar that was stopped is gone: it is stopped once, and drawn anew', () => {
  const progress = new Progress(true);
  progress.stop();
  expect(log).toEqual([]);
  progress.update('images', 1, 2, 'one');
  progress.stop();
  progress.stop();
  progress.update('images', 2, 2, 'two');
  expect(log).toEqual([
    ['start', 2, 1, { label: 'images', done: 'one' }],
    ['stop'],
    ['start', 2, 2, { label: 'images', done: 'two' }],
  ]);
});

test('a line takes the place of the bar', () => {
  const progress = new Progress(true);
  progress.update('images', 1, 2, 'one');
  progress.note('error: no image');
  expect(log.slice(1)).toEqual([['stop'], ['write', 'error: no image\n']]);
});

test('where there is no terminal lines are written, and no bar', () => {
  process.stderr.isTTY = false;
  const progress = new Progress();
  progress.update('images', 1, 2, 'one');
  progress.note('error: no image');
  progress.stop();
  expect(log).toEqual([['write', 'error: no image\n']]);
});

test('each file that is downloaded has a bar until all of it is there', () => {
  process.stderr.isTTY = true;
  const draw = downloadBar() as (progress: { file: string; loaded: number; total: number }) => void;
  draw({ file: 'a.bin', loaded: 0, total: 2000 });
  draw({ file: 'a.bin', loaded: 1999, total: 2000 });
  draw({ file: 'a.bin', loaded: 2000, total: 2000 });
  draw({ file: 'b.bin', loaded: 3, total: 40 });
  expect(log).toEqual([
    ['start', 2000, 0, { label: 'a.bin', done: '0 B of 2.0 KB' }],
    ['setTotal', 2000],
    ['update', 1999, { label: 'a.bin', done: '2.0 KB of 2.0 KB' }],
    ['setTotal', 2000],
    ['update', 2000, { label: 'a.bin', done: '2.0 KB of 2.0 KB' }],
    ['stop'],
    ['start', 40, 3, { label: 'b.bin', done: '3 B of 40 B' }],
  ]);
});

test.each([
  [0, '0 B'],
  [1, '1 B'],
  [999, '999 B'],
  [1000, '1.0 KB'],
  [1400, '1.4 KB'],
  [9900, '9.9 KB'],
  [10_000, '10 KB'],
  [191794682, '192 MB'],
  [3e9, '3.0 GB'],
  [4.2e12, '4200 GB'],
])('%d bytes read as %s', (count, text) => {
  expect(bytes(count)).toBe(text);
});
