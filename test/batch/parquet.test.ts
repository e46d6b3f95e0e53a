import { runScript, ROOT } from '../support/child';

test('libraries of Parquet load with the first such file, not with the package', async () => {
  const loaded = await runScript<Record<string, boolean[]>>(`
    const door = require('${ROOT}/dist/batch/parquet');
    const has = () => ['apache-arrow', 'parquet-wasm'].map((name) =>
      Object.keys(require.cache).some((path) => path.includes('/node_modules/' + name + '/')));
    (async () => {
      const before = has();
      const reader = await door.loadParquetReader();
      const compressors = await door.loadCompressors();
      const afterReading = has();
      door.loadArrow();
      door.loadParquet();
      const there = [typeof reader.parquetMetadata === 'function', typeof compressors.ZSTD === 'function'];
      print({ before, there, afterReading, after: has() });
    })();`);
  expect(loaded).toEqual({
    before: [false, false],
    there: [true, true],
    afterReading: [false, false],
    after: [true, true],
  });
});
