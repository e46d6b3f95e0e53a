jest.mock('../../lib/index', () => jest.requireActual('../../lib/errors'));
import { print, printJson, reportError, table } from '../../lib/cli/report';
import { BitError } from '../../lib/errors';

test('columns are as wide as their widest cell, without spaces at the end', () => {
  const rows = [
    ['name', 'count', 'note'],
    ['a', '1,000', ''],
    ['longer', '7', 'x'],
  ];
  expect(table(rows, [1])).toBe('name    count  note\na       1,000\nlonger      7  x');
});

test('the first column too is padded by what stands in it alone', () => {
  expect(
    table([
      ['a', 'x'],
      ['bbb', 'y'],
    ]),
  ).toBe('a    x\nbbb  y');
});

describe('what goes to the terminal', () => {
  let written: string[];
  let accepts: boolean;
  beforeEach(() => {
    [written, accepts] = [[], true];
    for (const stream of [process.stdout, process.stderr])
      jest.spyOn(stream, 'write').mockImplementation((text) => {
        written.push(String(text));
        return accepts;
      });
  });
  afterEach(() => jest.restoreAllMocks());

  test('a text ends its line, and JSON is laid out', async () => {
    await print('a');
    await printJson({ a: [1] });
    expect(written).toEqual(['a\n', '{\n  "a": [\n    1\n  ]\n}\n']);
  });

  test('a reader that is slow is waited for', async () => {
    accepts = false;
    let isDone = false;
    const printed = print('a').then(() => (isDone = true));
    await new Promise(setImmediate);
    expect(isDone).toBe(false);
    process.stdout.emit('drain');
    await printed;
  });

  test.each<[unknown, string]>([
    [new BitError('ERR_BIT_IMAGE', 'no image'), 'error: no image\ncode: ERR_BIT_IMAGE\n'],
    [new Error('no'), 'error: no\n'],
    ['words', 'error: words\n'],
    [null, 'error: null\n'],
  ])('of %p the message is told, and the code', (error, text) => {
    reportError(error);
    expect(written).toEqual([text]);
  });

  test.each([
    ['bigtransfer', 1],
    ['express,bigtransfer', 1],
    ['express', 0],
    ['', 0],
  ])('with DEBUG=%p all of an error %i times', (value, times) => {
    const all = jest.spyOn(console, 'error').mockImplementation();
    const before = process.env['DEBUG'];
    const error = new Error('no');
    try {
      process.env['DEBUG'] = value;
      reportError(error);
    } finally {
      if (before === undefined) delete process.env['DEBUG'];
      else process.env['DEBUG'] = before;
    }
    expect(all.mock.calls).toEqual(new Array(times).fill([error]));
  });
});
