// Under Node's permission model the addon is looked for without asking the system for its libc.
import type * as Load from '../../lib/binding/load';

const before = process.env['LIBC'];

/** The LIBC under which node-gyp-build, which reads it as it is loaded, is asked for an addon in vain. */
function libcSeen(family: string | null): string | undefined {
  let seen: string | undefined;
  jest.doMock('node-gyp-build', () => {
    seen = process.env['LIBC'];
    throw new Error('no addon');
  });
  jest.doMock('detect-libc', () => ({
    GLIBC: 'glibc',
    MUSL: 'musl',
    familySync: () => family,
    versionSync: () => null,
  }));
  jest.isolateModules(() => {
    const { loadBindingInfo } = jest.requireActual('../../lib/binding/load') as typeof Load;
    expect(() => loadBindingInfo()).toThrow(/no native addon/);
  });
  return seen;
}

beforeEach(() => delete process.env['LIBC']);
afterEach(() => {
  delete (process as { permission?: object }).permission;
  if (before !== undefined) process.env['LIBC'] = before;
});

test('where there is none, nothing is told', () => {
  expect(libcSeen('musl')).toBeUndefined();
});

describe('where there is one', () => {
  beforeEach(() => Object.defineProperty(process, 'permission', { value: {}, configurable: true }));

  test.each([
    ['glibc', 'glibc'],
    ['musl', 'musl'],
    // On other platforms nothing is built for a libc: any will do.
    [null, 'glibc'],
  ])('%s: it is told, and forgotten', (family, told) => {
    expect(libcSeen(family)).toBe(told);
    expect(process.env['LIBC']).toBeUndefined();
  });

  test("the user's own stays", () => {
    process.env['LIBC'] = 'musl';
    expect(libcSeen('glibc')).toBe('musl');
    expect(process.env['LIBC']).toBe('musl');
  });
});
