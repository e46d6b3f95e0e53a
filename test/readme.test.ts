// The README's and the guides' figures; test/docs has their code.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { ROOT } from './support/child';

test('the figures of the README and of the guide to performance are those of bench/results', () => {
  const script = join(ROOT, 'bench', 'readme.js');
  const { stderr, status } = spawnSync(process.execPath, [script, '--check'], { encoding: 'utf8' });
  expect(stderr).toBe('');
  expect(status).toBe(0);
});
