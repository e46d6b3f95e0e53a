import { isOffline } from '../../lib/hub/environment';

const before = { ...process.env };
afterEach(() => (process.env = { ...before }));

test.each([
  ['1', true],
  ['ON', true],
  ['yes', true],
  ['True', true],
  ['', false],
  ['0', false],
  ['10', false],
  ['no1', false],
])("HF_HUB_OFFLINE='%s' means %p, as Python's hub reads it", (value, offline) => {
  process.env['HF_HUB_OFFLINE'] = value;
  expect(isOffline({})).toBe(offline);
});
