import { BitError } from '../lib';
import { asDenied, deniedReason } from '../lib/permission';

const denial = (permission: string, resource?: string) =>
  Object.assign(new Error('denied'), { code: 'ERR_ACCESS_DENIED', permission, resource });

const noAddons = Object.assign(new Error(), { code: 'ERR_DLOPEN_DISABLED' });

test('without the permission model, it is --no-addons that lets none load', () => {
  expect((asDenied(noAddons, 'ERR_BIT_IMAGE') as Error).message).toMatch(
    /^Node was started with --no-addons/,
  );
  Object.defineProperty(process, 'permission', { value: {}, configurable: true });
  const { message } = asDenied(noAddons, 'ERR_BIT_IMAGE') as Error;
  delete (process as { permission?: object }).permission;
  expect(message).toMatch(/^Node's permission model is on: .*no addons \(.*--allow-addons\)/);
});

test.each([
  [denial('ChildProcess'), /no programs \(.*--allow-child-process\)/],
  [denial('FileSystemWrite', '/a'), /not write \/a \(.*--allow-fs-write=\/a\)/],
  [denial('FileSystemRead', '/a'), /not read \/a \(.*--allow-fs-read=\/a\)/],
  [denial('FileSystemRead'), /not read \(.*--allow-fs-read=\)/],
])('what %p denies becomes ours, with the flag that allows it', (error, words) => {
  expect(deniedReason(error)).toMatch(words);
  const ours = asDenied(error, 'ERR_BIT_IMAGE');
  expect(ours).toBeInstanceOf(BitError);
  expect(ours).toMatchObject({ code: 'ERR_BIT_IMAGE', cause: error });
  expect((ours as Error).message).toMatch(words);
});

test.each([new Error('other'), Object.assign(new Error(), { code: 'ENOENT' }), null, undefined])(
  '%p stays as it is',
  (error) => {
    expect(deniedReason(error)).toBeNull();
    expect(asDenied(error, 'ERR_BIT_IMAGE')).toBe(error);
  },
);
