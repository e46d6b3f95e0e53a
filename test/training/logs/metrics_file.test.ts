import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MetricsFile, readMetrics, type MetricsRow } from '../../../lib/training/logs/metrics_file';

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bigtransfer-test-'));
  path = join(folder, 'metrics.jsonl');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const text = () => readFileSync(path, 'utf8');
const line = (step: number, more = {}) => `${JSON.stringify({ step, ...more })}\n`;
const lines = (...steps: number[]) => steps.map((step) => line(step)).join('');
const read = async () => {
  const rows: MetricsRow[] = [];
  for await (const row of readMetrics(path)) rows.push(row);
  return rows;
};
/** Opens and closes it. */
const opened = async (options = {}) => (await MetricsFile.open(path, options)).close();

describe('a file of metrics', () => {
  test('has a line of JSON for each row, and is gone on with', async () => {
    const rows = [
      { step: 1, loss: 0.5 },
      { step: 2, loss: 0.25, note: 'a\nb "c" ü\u2028' },
      { step: 2, accuracy: 1 },
    ];
    for (const row of rows) {
      const file = await MetricsFile.open(path);
      await file.append(row);
      await file.close();
    }
    expect(
      text()
        .split('\n')
        .slice(0, -1)
        .map((each) => JSON.parse(each) as unknown),
    ).toEqual(rows);
    expect(await read()).toEqual(rows);
  });

  test('a row is in the file when its promise resolves', async () => {
    const file = await MetricsFile.open(path);
    await file.append({ step: 1 });
    expect(text()).toBe(lines(1));
    expect(await read()).toEqual([{ step: 1 }]);
    await file.close();
  });

  test('takes no more when it is closed', async () => {
    const file = await MetricsFile.open(path);
    await file.close();
    await expect(file.append({ step: 1 })).rejects.toThrow(`Cannot write ${path}: it was closed`);
  });

  test('numbers that JSON has not become null', async () => {
    const file = await MetricsFile.open(path);
    await file.append({ step: 1, loss: NaN, rate: -Infinity });
    await file.close();
    expect(text()).toBe('{"step":1,"loss":null,"rate":null}\n');
  });

  test.each([{}, { step: NaN }, { step: '1' }, null, 3])(
    'a row without a step is refused: %j',
    async (row) => {
      const file = await MetricsFile.open(path);
      await file.append({ step: 1 });
      await expect(file.append(row as MetricsRow)).rejects.toMatchObject({
        code: 'ERR_BIT_CONFIG',
      });
      await file.close();
      expect(text()).toBe(lines(1));
    },
  );

  test('many rows, over the pieces that they are read in', async () => {
    const rows = Array.from({ length: 3000 }, (_, i) => ({ step: i, name: 'é'.repeat(i % 90) }));
    writeFileSync(path, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
    expect(await read()).toEqual(rows);
    await opened({ after: 2500 });
    expect(await read()).toEqual(rows.slice(0, 2501));
  });
});

describe('a run that goes on from a step', () => {
  test.each([
    [null, [1, 2, 2, 4, 5]],
    [9, [1, 2, 2, 4, 5]],
    [4, [1, 2, 2, 4]],
    [3, [1, 2, 2]],
    [2, [1, 2, 2]],
    [0, []],
  ])('after %p there stay %j', async (after, left) => {
    writeFileSync(path, lines(1, 2, 2, 4, 5));
    await opened({ after });
    expect(text()).toBe(lines(...left));
  });

  test('cuts from the first later step on, whatever follows it', async () => {
    writeFileSync(path, `${lines(1, 5, 2)}{"step":`);
    await opened({ after: 3 });
    expect(text()).toBe(lines(1));
  });

  test('writes on where it was cut', async () => {
    writeFileSync(path, lines(1, 2, 3));
    const file = await MetricsFile.open(path, { after: 1 });
    await file.append({ step: 2, loss: 7 });
    await file.close();
    expect(text()).toBe(`${line(1)}${line(2, { loss: 7 })}`);
  });
});

describe('a last line that a crash has torn', () => {
  const whole = line(3, { loss: 0.5, name: 'ü' });
  const bytes = Buffer.from(whole);

  test('is cut off wherever it ends, and passed over by readers', async () => {
    for (let end = 0; end < bytes.length - 2; end++) {
      writeFileSync(path, Buffer.concat([Buffer.from(lines(1, 2)), bytes.subarray(0, end)]));
      expect(await read()).toEqual([{ step: 1 }, { step: 2 }]);
      await opened();
      expect(text()).toBe(lines(1, 2));
    }
  });

  test('stays where only its end is missing', async () => {
    writeFileSync(path, `${lines(1)}${whole.trimEnd()}`);
    expect(await read()).toHaveLength(2);
    const file = await MetricsFile.open(path);
    await file.append({ step: 4 });
    await file.close();
    expect(text()).toBe(`${lines(1)}${whole}${lines(4)}`);
  });

  test.each(['\0\0\0\0', '{"step":3,"lo\0\0\0\0\0}\n', '\0\0\n', '\n', '  '])(
    'may hold what was never written: %j',
    async (rest) => {
      writeFileSync(path, lines(1) + rest);
      expect(await read()).toEqual([{ step: 1 }]);
      await opened();
      expect(text()).toBe(lines(1));
    },
  );

  test('may be all that there is', async () => {
    writeFileSync(path, '{"st');
    await opened();
    expect(text()).toBe('');
  });
});

describe('a file that holds something else', () => {
  test.each([
    ['{"step":1}\n{"step":\n{"step":3}\n', 2, '{"step":'],
    ['{"step":1}\n\n{"step":3}\n', 2, 'it is empty'],
    ['\n{"step":3}\n', 1, 'it is empty'],
    ['{"loss":1}', 1, '{"loss":1}'],
    ['{"step":"1"}\n', 1, '{"step":"1"}'],
    ['[1]', 1, '[1]'],
    ['null\n', 1, 'null'],
    ['path,label\n', 1, 'path,label'],
    ['{"step":1}\nnotes of mine', 2, 'notes of mine'],
  ])('is refused and left as it is: %j', async (content, number, shown) => {
    writeFileSync(path, content);
    const refusal = {
      code: 'ERR_BIT_OUTPUT',
      message: `Line ${number} of ${path} is no row of metrics: ${shown}`,
    };
    await expect(MetricsFile.open(path)).rejects.toMatchObject(refusal);
    expect(text()).toBe(content);
    await expect(read()).rejects.toMatchObject(refusal);
  });

  test('a folder, and no file at all', async () => {
    await expect(MetricsFile.open(folder)).rejects.toMatchObject({
      code: 'ERR_BIT_OUTPUT',
      message: `Cannot write ${folder}: it is a folder`,
    });
    await expect(read()).rejects.toMatchObject({
      code: 'ERR_BIT_OUTPUT',
      message: `Cannot read ${path}: there is no such file or folder`,
    });
  });

  test('what others append while it is open is written over, not glued to', async () => {
    const file = await MetricsFile.open(path);
    appendFileSync(path, 'x');
    await file.append({ step: 1 });
    await file.close();
    expect(await read()).toEqual([{ step: 1 }]);
  });
});
