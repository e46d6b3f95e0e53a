// Transfer from five drawings of each class, beside the same network from scratch.
import { join } from 'node:path';
import { ROOT, runProgram } from '../support/child';

test('what was learnt before is worth a lot', async () => {
  const { stdout } = await runProgram(process.execPath, [join(ROOT, 'examples', 'transfer')], {
    timeout: 250_000,
  });
  const accuracies = new Map(
    [...stdout.matchAll(/^(\S.*?) +([\d.]+) % of 400 /gm)].map(([, name, share]) => [
      name,
      Number(share),
    ]),
  );
  expect([...accuracies.keys()]).toEqual(['from scratch', 'head alone', 'all of it']);
  expect(accuracies.get('all of it')).toBeGreaterThan(45);
  expect(accuracies.get('head alone')).toBeGreaterThan(40);
  expect(accuracies.get('from scratch')).toBeLessThan(30);
}, 300_000);
