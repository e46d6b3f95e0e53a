// A store for one job alone.
import { openJob } from '../../../lib/batch/job/journal';
import { fenced } from '../../../lib/batch/job/fence';
import { FolderStore } from '../../../lib/batch/store/folder';
import { listing, SETTINGS } from '../../support/jobs';
import { temporaryFolder } from '../../support/temporary';
import { keepsStoreContract } from '../store/contract';

const store = new FolderStore(temporaryFolder());
const begin = (restart: boolean) =>
  openJob(store, SETTINGS, () => listing(['a']), { restart, planned: false });
let id: string;
beforeAll(async () => (id = (await begin(false)).id));

describe('as every store, while its job is there', () =>
  keepsStoreContract(() => fenced(store, id)));

test('lets no part count once the job has been started anew, or deleted', async () => {
  const old = fenced(store, id);
  expect(old.place).toBe(store.place);
  const { id: now } = await begin(true);
  await expect(old.writeOnce('.job/done-x/00000.json', 'old')).rejects.toMatchObject({
    code: 'ERR_BIT_OUTPUT',
    message: expect.stringContaining('is another one by now') as string,
  });
  expect(await store.read('.job/done-x/00000.json')).toBeNull();
  expect(await fenced(store, now).writeOnce('.job/done-x/00000.json', 'new')).toBe(true);
  await store.remove('.job');
  await expect(fenced(store, now).writeOnce('x', 'late')).rejects.toThrow('is there no more');
});
