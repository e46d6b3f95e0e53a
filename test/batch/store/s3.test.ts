// A bucket as a store, against a small server of S3's language.
import { S3Store } from '../../../lib/batch/store/s3';
import { S3Server } from '../../support/s3_server';
import { keepsStoreContract } from './contract';

const server = new S3Server();
const before = { ...process.env };
beforeAll(async () => {
  await server.start();
  Object.assign(process.env, server.env);
});
afterEach(() => {
  server.faults = {};
  server.requests.length = 0;
});
afterAll(async () => {
  process.env = before;
  await server.stop();
});

const open = (limits = {}, place = 's3://bucket/some/folder') => new S3Store(place, limits);
const stored = (name: string) => server.objects.get(`some/folder/${name}`)?.bytes.toString();
const failed = (work: Promise<unknown>) =>
  work.then(
    () => 'nothing was thrown',
    ({ code, message }: NodeJS.ErrnoException) => `${code}: ${message}`,
  );

describe('as every store', () => keepsStoreContract(() => open()));
describe('as every store, in pieces of a few bytes', () =>
  keepsStoreContract(() => open({ pieceBytes: 4, copyBytes: 3 }, 's3://bucket/pieces')));

test.each([
  ['s3://bucket', 's3://bucket', 'x'],
  ['s3://bucket/', 's3://bucket', 'x'],
  ['s3://bucket/a/b//', 's3://bucket/a/b', 'a/b/x'],
])('%s is the place %s', async (given, place, key) => {
  const store = new S3Store(given);
  expect(store.place).toBe(place);
  await store.replace('x', given);
  expect(server.objects.get(key)?.bytes.toString()).toBe(given);
});

test.each(['s3://', 's3:///x', 's3:bucket'])('refuses %s', (place) => {
  expect(() => new S3Store(place)).toThrow(
    `Expected 's3://bucket/prefix' for output but received '${place}'`,
  );
});

test('writes a large file in pieces, none of which is seen before the last one', async () => {
  const file = await open({ pieceBytes: 10 }).create('large');
  for (let i = 0; i < 7; i++) await file.write(`${i}${i}${i}${i}`);
  expect(stored('large')).toBeUndefined();
  expect(server.uploads.size).toBe(1);
  expect(await file.close()).toMatchObject({ bytes: 28 });
  expect(stored('large')).toBe('0000111122223333444455556666');
  const pieces = server.requests.filter((each) => each.includes('partNumber='));
  expect(pieces).toHaveLength(3);
  expect(server.uploads.size).toBe(0);
});

test('lets go of the pieces of a file that is discarded', async () => {
  const file = await open({ pieceBytes: 2 }).create('half');
  await file.write('1234');
  expect(server.uploads.size).toBe(1);
  await file.discard();
  expect(server.uploads.size).toBe(0);
  expect(stored('half')).toBeUndefined();
});

test('copies in pieces what one request cannot, and leaves none when that fails', async () => {
  const store = open({ copyBytes: 4 });
  await store.replace('long', '0123456789');
  expect(await store.move('long', 'moved')).toBe(true);
  expect(stored('moved')).toBe('0123456789');
  expect(server.requests.filter((each) => each.includes('partNumber='))).toHaveLength(3);
  await store.replace('long', '0123456789');
  let copies = 0;
  server.faults.refuses = (method) =>
    method === 'PUT' && ++copies > 1 ? [403, 'AccessDenied'] : undefined;
  expect(await failed(store.move('long', 'elsewhere'))).toContain('no permission');
  expect(server.uploads.size).toBe(0);
  expect(stored('elsewhere')).toBeUndefined();
  expect(stored('long')).toBe('0123456789');
});

describe('writing once', () => {
  test('knows its own writing whose answer was lost', async () => {
    const store = open();
    await store.writeOnce('first', 'text');
    let lost = 0;
    server.faults.losesAnswer = (method, key) =>
      method === 'PUT' && key.endsWith('/lost') && lost++ === 0;
    expect(await store.writeOnce('lost', 'mine')).toBe(true);
    expect(lost).toBe(2);
    expect(stored('lost')).toBe('mine');
    expect(await open().writeOnce('lost', 'mine')).toBe(false);
  });

  test('tries again where another one was writing just then', async () => {
    const store = open();
    let conflicts = 0;
    server.faults.refuses = (method, key) =>
      method === 'PUT' && key.endsWith('/busy') && conflicts++ < 2
        ? [409, 'ConditionalRequestConflict']
        : undefined;
    expect(await store.writeOnce('busy', 'mine')).toBe(true);
    expect(conflicts).toBe(3);
    expect(stored('busy')).toBe('mine');
  });

  test('refuses a store that takes no notice of conditions, and leaves nothing there', async () => {
    server.faults.ignoresConditions = true;
    const before = server.objects.size;
    expect(await failed(open().writeOnce('twice', 'mine'))).toMatch(
      /^ERR_BIT_OUTPUT: The store of s3:\/\/bucket\/some\/folder cannot write an object only where there is none/,
    );
    expect(server.objects.size).toBe(before);
  });

  test('asks the store again after it could not be asked', async () => {
    const store = open();
    server.faults.refuses = () => [403, 'AccessDenied'];
    expect(await failed(store.writeOnce('later', 'mine'))).toContain('no permission');
    server.faults = {};
    expect(await store.writeOnce('later', 'mine')).toBe(true);
  });
});

describe('says in words', () => {
  test.each([
    [403, 'AccessDenied', 'no permission for it (AccessDenied)'],
    [403, 'InvalidAccessKeyId', 'the access key is not known there'],
    [403, 'SignatureDoesNotMatch', 'the secret key is not that of the access key'],
    [400, 'ExpiredToken', 'the session has expired'],
    [400, 'OddError', 'OddError'],
  ])('%i %s', async (status, name, words) => {
    server.faults.refuses = () => [status, name];
    const message = await failed(open().list(''));
    expect(message).toContain(`ERR_BIT_OUTPUT: Cannot read s3://bucket/some/folder: ${words}`);
    expect(await failed(open().replace('x', ''))).toContain(
      `ERR_BIT_OUTPUT: Cannot write s3://bucket/some/folder/x: ${words}`,
    );
  });

  test('that there is no such bucket', async () => {
    const store = new S3Store('s3://other/x');
    const words = 'ERR_BIT_OUTPUT: Cannot read s3://other/x/name: there is no such bucket';
    expect(await failed(store.read('name'))).toBe(words);
    expect(await failed(store.list(''))).toContain('there is no such bucket');
  });

  test('that nobody answers', async () => {
    process.env['AWS_ENDPOINT_URL'] = 'http://127.0.0.1:9';
    try {
      expect(await failed(open().read('name'))).toContain(
        'nobody answers at that address: is AWS_ENDPOINT_URL right?',
      );
    } finally {
      Object.assign(process.env, server.env);
    }
  });
});
