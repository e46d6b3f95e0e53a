import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { modelFacts } from '../../../lib/batch/job/model_facts';
import { ROOT } from '../../support/child';
import { temporaryFolder } from '../../support/jobs';

const MODEL = join(ROOT, 'models', 'bit-mini-scenes');
const NAMES = ['config.json', 'preprocessor_config.json', 'model.safetensors'];
let folder: string;
beforeEach(() => (folder = temporaryFolder()));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('are the sums of the files that are read, by their content', async () => {
  const facts = await modelFacts(MODEL, {});
  const sums = NAMES.map((name) => [
    name,
    createHash('sha256')
      .update(readFileSync(join(MODEL, name)))
      .digest('hex'),
  ]);
  expect(facts).toEqual({
    source: MODEL,
    revision: null,
    files: Object.fromEntries(sums) as object,
  });
});

test("of a model of the hub the commit is known; the cache's links lead to the same files", async () => {
  const commit = '0123456789abcdef0123456789abcdef01234567';
  const repository = join(folder, 'models--someone--bit');
  const snapshot = join(repository, 'snapshots', commit);
  cpSync(MODEL, snapshot, { recursive: true });
  mkdirSync(join(repository, 'refs'));
  writeFileSync(join(repository, 'refs', 'main'), commit);
  const options = { cacheDir: folder, localFilesOnly: true };
  const facts = await modelFacts('someone/bit', options);
  expect(facts).toMatchObject({ source: 'someone/bit', revision: commit });
  expect(facts.files).toEqual((await modelFacts(MODEL, {})).files);
});

test('of what is no model there are none', async () => {
  await expect(modelFacts(folder, {})).rejects.toMatchObject({ code: 'ERR_BIT_CHECKPOINT' });
});
