// Netpbm's files where they are not as they should be; encoded.test.ts has those that are.
import { decodeNetpbm } from '../../lib/image/netpbm';
import * as rows from '../../lib/image/rows';

test.each(['P1\n2 1\n1 # and no end', 'P2\n2 1 255\n7 # and no end'])(
  'a comment that the file ends in leaves %j cut short',
  async (text) => {
    await expect(decodeNetpbm(Buffer.from(text))).rejects.toMatchObject({
      code: 'ERR_BIT_IMAGE',
      message: expect.stringContaining('cut short') as string,
    });
  },
);

const decode = (...parts: (string | number[])[]) =>
  decodeNetpbm(Buffer.concat(parts.map((part) => Buffer.from(part as string, 'latin1'))));

test.each(['0', '7', 'f', ' '])('P and %j is none of its formats', async (digit) => {
  await expect(decode(`P${digit}\n1 1\n255\n1`)).rejects.toMatchObject({
    code: 'ERR_BIT_IMAGE',
    message: 'it is no PBM, PGM or PPM',
  });
});

// Those of Pillow: space, tab, line feed, vertical tab, form feed, carriage return.
test.each([0x20, 0x09, 0x0a, 0x0b, 0x0c, 0x0d])('character %i ends a number', async (space) => {
  const { width, height, data } = await decode('P5', [space], '2', [space], '1 255\n', [7, 8]);
  expect([width, height, ...data]).toEqual([2, 1, 7, 7, 7, 8, 8, 8]);
});

test.each([0x00, 0x08, 0x0e, 0x1f, 0x21, 0x85, 0xa0])('character %i does not', async (other) => {
  const decoding = decode('P5 2', [other], '1 255\n', [7, 8]);
  await expect(decoding).rejects.toThrow('stands where a number belongs');
});

describe('room for pixels is made', () => {
  const room = jest.spyOn(rows, 'decodeRows');
  beforeEach(() => room.mockClear());
  afterAll(() => room.mockRestore());

  test.each([
    ['of digits', 'P2\n2 2 9\n', '123'],
    ['of digits, in colour', 'P3\n2 1 9\n', '12345'],
    ['of plain bits', 'P1\n4 2\n', '1011001'],
    ['of bits', 'P4\n9 2\n', '123'],
    ['of bytes', 'P5\n2 2 255\n', '123'],
    ['of bytes, in colour', 'P6\n1 2 255\n', '12345'],
    ['of pairs of bytes', 'P5\n2 1 256\n', '123'],
  ])('never where there is too little %s', async (_, header, content) => {
    await expect(decode(header, content)).rejects.toThrow('cut short');
    expect(room).not.toHaveBeenCalled();
  });

  test.each([
    ['plain bits', 'P1\n4 2\n', '10110010', [0, 255, 0, 0, 255, 255, 0, 255]],
    ['bits', 'P4\n9 1\n', [0b10000001, 0b10000000], [0, 255, 255, 255, 255, 255, 255, 0, 0]],
    ['bytes', 'P5\n2 2 255\n', [1, 2, 3, 4], [1, 2, 3, 4]],
    ['pairs of bytes', 'P6\n1 1 65535\n', [0xff, 0xff, 0, 0, 0x80, 0x80], [255, 0, 128]],
  ])('where there is just enough of %s', async (_, header, content, values) => {
    const { data, width, height } = await decode(header, content);
    const each =
      data.length === values.length ? [...data] : [...data].filter((_, i) => i % 3 === 0);
    expect(each).toEqual(values);
    expect(data).toHaveLength(3 * width * height);
  });
});
