// Under Node's permission model the addon is looked for without asking the system for its libc.
import type * as Load from '../../lib/binding/load';

const before = process.env['LIBC'];

/** The LIBC under which node-gyp-build, which reads it as it is loaded, is asked for an addon in vain. */
function libcSeen(header: object): string | undefined {
  let seen: string | undefined;
  jest.doMock('node-gyp-build', () => {
    seen = process.env['LIBC'];
    throw new Error('no addon');
  });
  jest.spyOn(process.report, 'getReport').mockReturnValue({ header });
  jest.isolateModules(() => {
    const { loadBindingInfo } = jest.requireActual('../../lib/binding/load') as typeof Load;
    expect(() => loadBindingInfo()).toThrow(/no native addon/);
  });
  return seen;
}

beforeEach(() => delete process.env['LIBC']);
afterEach(() => {
  jest.restoreAllMocks();
  delete (process as { permission?: object }).permission;
  if (before !== undefined) process.env['LIBC'] = before;
});

test('where there is none, nothing is told', () => {
  expect(libcSeen({})).toBeUndefined();
});

describe('where there is one', () => {
  beforeEach(() => Object.defineProperty(process, 'permission', { value: {}, configurable: true }));

  test('it is told, and forgotten', () => {
    expect(libcSeen({ glibcVersionRuntime: '2.36' })).toBe('glibc');
    expect(libcSeen({})).toBe('musl');
    expect(process.env['LIBC']).toBeUndefined();
  });

  test("the user's own stays", () => {
    process.env['LIBC'] = 'musl';
    expect(libcSeen({ glibcVersionRuntime: '2.36' })).toBe('musl');
    expect(process.env['LIBC']).toBe('musl');
  });
});
