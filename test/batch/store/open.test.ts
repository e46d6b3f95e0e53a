// Which places are buckets.
import { FolderStore } from '../../../lib/batch/store/folder';
import { isBucket, openStore } from '../../../lib/batch/store/open';
import { S3Store } from '../../../lib/batch/store/s3';

test('s3:// is a bucket, everything else a folder', () => {
  expect(openStore('s3://bucket/rows')).toBeInstanceOf(S3Store);
  for (const place of ['rows', './s3', '/data/s3:/x', 's3/rows']) {
    expect(openStore(place)).toBeInstanceOf(FolderStore);
    expect(openStore(place).place).toBe(place);
    expect(isBucket(place)).toBe(false);
  }
});
