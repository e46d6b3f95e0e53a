import { compareVersions, isSupported } from '../../lib/libtorch/versions';

test.each([
  ['2.13.0', '2.13.0', 0],
  ['2.13.0+cpu', '2.13.0+cu130', 0],
  ['2.9.1', '2.13.0', -1],
  ['2.13', '2.13.1', -1],
  ['2.13.1', '2.13', 1],
  ['2.13', '2.13.0', 0],
  ['3', '2.14.1', 1],
  ['2.x', '2.0', 0],
])('%s and %s', (a, b, order) => {
  expect(Math.sign(compareVersions(a, b))).toBe(order);
});

test.each([
  ['2.10.0', false],
  ['2.11.0', true],
  ['2.14.9+cu130', true],
  ['2.15.0', false],
  ['2', false],
  ['nightly', false],
])('%s: supported %s', (version, supported) => {
  expect(isSupported(version)).toBe(supported);
});
