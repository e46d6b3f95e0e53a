import { setTimeout as sleep } from 'node:timers/promises';
import { Recent } from '../../../lib/training/data/recent';

/** Values with as many bytes as letters, and how often each was loaded. */
function counted(most: number) {
  const loads: string[] = [];
  const recent = new Recent<string>(most, (value) => value.length);
  const get = (name: string, value = name) =>
    recent.get(name, async () => {
      loads.push(name);
      await sleep(1);
      return value;
    });
  return { loads, get };
}

test('what is asked for again is not loaded again', async () => {
  const { loads, get } = counted(10);
  expect(await get('aaa')).toBe('aaa');
  expect(await get('aaa')).toBe('aaa');
  expect(loads).toEqual(['aaa']);
});

test('those who ask at once share one load', async () => {
  const { loads, get } = counted(10);
  expect(await Promise.all([get('a'), get('a'), get('b'), get('a')])).toEqual(['a', 'a', 'b', 'a']);
  expect(loads).toEqual(['a', 'b']);
});

test('where there is no room, what was asked for longest ago goes', async () => {
  const { loads, get } = counted(6);
  for (const name of ['aaa', 'bbb', 'aaa', 'ccc', 'aaa', 'bbb']) await get(name);
  expect(loads).toEqual(['aaa', 'bbb', 'ccc', 'bbb']);
});

test('one value is kept, however large it is', async () => {
  const { loads, get } = counted(2);
  for (const name of ['aaaa', 'aaaa', 'bbb', 'bbb', 'aaaa']) await get(name);
  expect(loads).toEqual(['aaaa', 'bbb', 'aaaa']);
});

test('what failed is tried again, and takes no room', async () => {
  const recent = new Recent<string>(3, (value) => value.length);
  const error = new Error('not now');
  await expect(recent.get('a', () => Promise.reject(error))).rejects.toBe(error);
  expect(await recent.get('a', () => Promise.resolve('abc'))).toBe('abc');
  expect(await recent.get('a', () => Promise.reject(error))).toBe('abc');
});
