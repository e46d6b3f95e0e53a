// The list of activations, and the native table that has to know each of them.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ACTIVATIONS } from '../../lib/config/activations';

/** Names in the table of functions(), as its source has them. */
function nativeNames(): string[] {
  const source = readFileSync(join(__dirname, '../../native/ops/activation.cpp'), 'utf8');
  const table = /map<std::string, Function>\{([^]*?)\n {2}\};/.exec(source)?.[1] ?? '';
  return [...table.matchAll(/^ *\{"(\w+)",/gm)].map(([, name]) => name as string);
}

test('the addon knows every activation of the list, and no other', () => {
  expect(nativeNames().sort()).toEqual([...ACTIVATIONS].sort());
});
