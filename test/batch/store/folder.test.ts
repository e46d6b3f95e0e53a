// A folder as a store.
import { join } from 'node:path';
import { FolderStore } from '../../../lib/batch/store/folder';
import { WORK } from '../../../lib/batch/store/store';
import { temporaryFolder } from '../../support/temporary';
import { keepsStoreContract } from './contract';

const place = join(temporaryFolder(), 'not', 'yet');

describe('as every store', () => keepsStoreContract(() => new FolderStore(place)));

test('files are written though another process clears away what it takes for rests', async () => {
  const folder = join(place, '..', 'shared');
  const [store, other] = [new FolderStore(folder), new FolderStore(folder)];
  let times = 50;
  const clearing = (async () => {
    while (times > 0) {
      await other.remove(WORK);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  })();
  try {
    for (; times > 0; times--) {
      await store.replace('a', String(times));
      expect(await store.writeOnce(`once/${times}`, 'x')).toBe(true);
    }
  } finally {
    times = 0;
    await clearing;
  }
  expect(String(await store.read('a'))).toBe('1');
  expect(await store.list('once')).toHaveLength(50);
});
