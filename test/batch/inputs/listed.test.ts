import { isImageName, isUrl, shardKind, single } from '../../../lib/batch/inputs/listed';

test.each(['a.jpg', 'A.JPEG', 'x.y/b.PnG', 'c.tif', 'd.tiff', 'e.pnm', 'f.webp', '.jpg'])(
  '%s is named as a picture',
  (name) => expect(isImageName(name)).toBe(true),
);

test.each(['jpg', 'a.jpg.txt', 'a.jpgx', 'a.svg', 'a.tar', 'a.jpg/', 'a.jpg ', ''])(
  '%j is not',
  (name) => expect(isImageName(name)).toBe(false),
);

test.each([
  ['a.tar', 'tar'],
  ['a.b.TAR.GZ', 'tar'],
  ['a.tgz', 'tar'],
  ['a.tar.zst', 'tar'],
  ['a.tzst', 'tar'],
  ['a.Parquet', 'parquet'],
  ['a.gz', undefined],
  ['a.zst', undefined],
  ['tar', undefined],
  ['a.tar.xz', undefined],
  ['a.parquet.txt', undefined],
])('%s is a shard of kind %s', (name, kind) => expect(shardKind(name)).toBe(kind));

test('URLs, in any case of letters and after spaces', () => {
  const urls = ['http://x', 'HTTPS://x', ' data:image/png;base64,', 'file:///x'];
  expect(urls.filter(isUrl)).toEqual(urls);
  expect(['x http://y', 'ftp://x', 'https', 's3://x', ''].filter(isUrl)).toEqual([]);
});

test('a shard is one of this machine, where shards are asked for', () => {
  expect(single('a.tar', true)).toEqual({ path: 'a.tar', shard: 'tar' });
  expect(single('a.tar', false)).toEqual({ path: 'a.tar' });
  expect(single('a.jpg', true)).toEqual({ path: 'a.jpg' });
  for (const url of ['https://x/a.tar', 'file:///a.parquet'])
    expect(single(url, true)).toEqual({ path: url });
});
