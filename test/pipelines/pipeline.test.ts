// The life of a pipeline; what it answers is in the tests of its parts.
import { join } from 'node:path';
import { pipeline } from '../../lib';
import { ROOT } from '../support/child';

const CAT = join(ROOT, 'examples', 'pictures', 'cat.jpg');
const disposed = { name: 'BitError', code: 'ERR_BIT_DISPOSED' };

test('dispose waits for the calls in flight and refuses later ones', async () => {
  const classify = await pipeline('image-classification');
  const answers = classify(
    Array.from({ length: 20 }, () => CAT),
    { batchSize: 2 },
  );
  await classify.dispose();
  expect(await answers).toHaveLength(20);
  await expect(classify(CAT)).rejects.toMatchObject(disposed);
  await classify.dispose();
});

test('dispose({ cancel: true }) stops them', async () => {
  const classify = await pipeline('image-classification');
  const answers = classify(
    Array.from({ length: 200 }, () => CAT),
    { batchSize: 2 },
  );
  const refused = expect(answers).rejects.toMatchObject(disposed);
  await classify.dispose({ cancel: true });
  await refused;
});
