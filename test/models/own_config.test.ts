import { BitConfig } from '../../lib';
import type * as Library from '../../lib';
import { isBitConfig, ownConfig } from '../../lib/models/own_config';

/** A config of another copy of the package. */
function foreignConfig(): BitConfig {
  let made: BitConfig | undefined;
  jest.isolateModules(() => {
    const other = jest.requireActual<typeof Library>('../../lib');
    made = new other.BitConfig({ hiddenSizes: [32, 64], depths: [1, 2], numGroups: 4 });
  });
  return made as BitConfig;
}

test("another copy's config is one, and becomes ours with all that it says", () => {
  const foreign = foreignConfig();
  expect(foreign).not.toBeInstanceOf(BitConfig);
  expect(isBitConfig(foreign)).toBe(true);
  const own = ownConfig(foreign);
  expect(own).toBeInstanceOf(BitConfig);
  expect(own.toJSON()).toEqual(foreign.toJSON());
});

test('our own stays the same object', () => {
  const config = new BitConfig();
  expect(isBitConfig(config)).toBe(true);
  expect(ownConfig(config)).toBe(config);
});

const toJSON = () => ({});
test.each([
  undefined,
  null,
  'a text',
  {},
  { toJSON },
  { stageNames: [], hiddenSizes: [] },
  { toJSON, hiddenSizes: [] },
  { toJSON, stageNames: [] },
  { toJSON: true, stageNames: [], hiddenSizes: [] },
])('%p is none', (value) => {
  expect(isBitConfig(value)).toBe(false);
});
