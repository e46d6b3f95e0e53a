import sharp from 'sharp';
import { holdDownSharp } from '../../lib/image/sharp';

const settings = () => {
  const { memory, files, items } = sharp.cache() as Record<
    'memory' | 'files' | 'items',
    { max: number }
  >;
  return { threads: sharp.concurrency(), memory: memory.max, files: files.max, items: items.max };
};
const HELD = { threads: 1, memory: 0, files: 0, items: 0 };
const OWN = { threads: 3, memory: 40, files: 10, items: 70 };

beforeEach(() => {
  sharp.concurrency(OWN.threads);
  sharp.cache({ memory: OWN.memory, files: OWN.files, items: OWN.items });
});

test('what the user had set comes back', () => {
  expect(settings()).toEqual(OWN);
  const release = holdDownSharp();
  expect(settings()).toEqual(HELD);
  release();
  expect(settings()).toEqual(OWN);
});

test('once the last one lets go, in any order', () => {
  const first = holdDownSharp();
  const second = holdDownSharp();
  first();
  expect(settings()).toEqual(HELD);
  second();
  expect(settings()).toEqual(OWN);
});

test('letting go twice counts once', () => {
  const first = holdDownSharp();
  const second = holdDownSharp();
  first();
  first();
  expect(settings()).toEqual(HELD);
  second();
  expect(settings()).toEqual(OWN);
});

test('of settings that change in between, those of then come back', () => {
  holdDownSharp()();
  sharp.concurrency(2);
  const release = holdDownSharp();
  release();
  expect(settings()).toEqual({ ...OWN, threads: 2 });
});

test('a cache that was off stays off', () => {
  sharp.cache(false);
  holdDownSharp()();
  expect(settings()).toEqual({ ...HELD, threads: OWN.threads });
});
