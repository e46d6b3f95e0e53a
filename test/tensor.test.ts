import { Tensor, toTensor } from '../lib/tensor';

describe('Tensor', () => {
  test('knows its dtype from the array', () => {
    expect(Tensor.from(new Float32Array(6), [2, 3]).dtype).toBe('float32');
    expect(Tensor.from(new BigInt64Array(1), []).dtype).toBe('int64');
    expect(Tensor.from(new Uint16Array(2), [2], 'bfloat16').dtype).toBe('bfloat16');
  });

  test('nests its values by shape', () => {
    const tensor = Tensor.from(Float32Array.from([1, 2, 3, 4, 5, 6]), [2, 1, 3]);
    expect(tensor.toArray()).toEqual([[[1, 2, 3]], [[4, 5, 6]]]);
    expect(Tensor.from(Float32Array.of(7), []).toArray()).toBe(7);
  });

  // Bit patterns from IEEE 754-2008, table 3.5.
  test.each([
    [0x3c00, 1],
    [0xc000, -2],
    [0x7bff, 65504],
    [0x0001, 2 ** -24],
    [0x0400, 2 ** -14],
    [0x7c00, Infinity],
    [0xfc00, -Infinity],
  ])('decodes float16 %p', (bits, value) => {
    expect(Tensor.from(Uint16Array.of(bits), [1], 'float16').toFloat32().data[0]).toBe(value);
  });

  test.each([
    [0x3f80, 1],
    [0xc000, -2],
    [0x7f80, Infinity],
    [0x4049, 3.140625],
  ])('decodes bfloat16 %p', (bits, value) => {
    expect(Tensor.from(Uint16Array.of(bits), [1], 'bfloat16').toArray()).toEqual([value]);
  });

  test('refuses data that does not fit its shape', () => {
    const expected = { name: 'BitError', code: 'ERR_BIT_SHAPE' };
    expect(() => Tensor.from(new Float32Array(5), [2, 3])).toThrow(
      expect.objectContaining(expected),
    );
    expect(() => Tensor.from(new Float32Array(1), [1.5])).toThrow(
      expect.objectContaining(expected),
    );
    expect(() => Tensor.from(new Float32Array(1), [-1])).toThrow(expect.objectContaining(expected));
    expect(() => Tensor.from(new Uint16Array(1), [1])).toThrow(expect.objectContaining(expected));
    expect(() => Tensor.from(new Float32Array(1), [1], 'int64')).toThrow(
      expect.objectContaining(expected),
    );
    expect(() => Tensor.from(new Float32Array(1), [1], 'float16')).toThrow(
      expect.objectContaining(expected),
    );
    expect(() => Tensor.from([1] as never, [1])).toThrow(expect.objectContaining(expected));
    expect(() => Tensor.from(new Float64Array(1) as never, [1])).toThrow(/Expected a Float32Array/);
    const huge = [0, 3, 2 ** 40, 2 ** 40];
    expect(() => Tensor.from(new Float32Array(0), huge)).toThrow(expect.objectContaining(expected));
    const hole = new Array<number>(1);
    expect(() => Tensor.from(new Float32Array(1), hole)).toThrow(expect.objectContaining(expected));
    const name = 'toString' as never;
    expect(() => Tensor.from(new Float32Array(1), [1], name)).toThrow(
      expect.objectContaining(expected),
    );
    const Constructor = Tensor as unknown as new () => Tensor;
    expect(() => new Constructor()).toThrow(expect.objectContaining(expected));
  });

  test('accepts the tensors of onnxruntime and transformers.js', () => {
    const data = Float32Array.of(1, 2);
    expect(toTensor({ data, dims: [1, 2], type: 'float32' }, 'x').shape).toEqual([1, 2]);
    expect(() => toTensor({ data }, 'x')).toThrow('for x');
    expect(() => toTensor(null, 'x')).toThrow('for x');
  });
});

test('a Float16Array is float16, wherever the language has one', () => {
  // 1, -2 and 0.5 in IEEE 754 binary16. Node 20 has no such array: this one has its brand and memory.
  const bits = Uint16Array.of(0x3c00, 0xc000, 0x3800);
  class Float16Array extends Uint16Array {
    override get [Symbol.toStringTag]() {
      return 'Float16Array' as 'Uint16Array';
    }
  }
  const half = new Float16Array(bits.buffer);
  const tensor = Tensor.from(half as never, [3]);
  expect(tensor.dtype).toBe('float16');
  expect(tensor.toArray()).toEqual([1, -2, 0.5]);
  expect(Object.prototype.toString.call(tensor.data)).toBe('[object Uint16Array]');
  expect(() => Tensor.from(half as never, [3], 'float32')).toThrow('Float32Array');
  expect(() => Tensor.from(half as never, [3], 'bfloat16')).toThrow('Uint16Array');
});

describe('toTensor', () => {
  const refusal = expect.objectContaining({
    code: 'ERR_BIT_SHAPE',
    message: expect.stringContaining('a Tensor or { data, dims }') as string,
  }) as Error;

  test('gives a Tensor back as it is', () => {
    const tensor = Tensor.from(new Float32Array(1), [1]);
    expect(toTensor(tensor, 'x')).toBe(tensor);
  });

  test("takes onnxruntime's and transformers.js's, under either name of the type", () => {
    const data = Uint16Array.of(0x3c00);
    for (const name of ['type', 'dtype']) {
      const like = { data, dims: [1], [name]: 'float16' };
      expect(toTensor(like, 'x').dtype).toBe('float16');
    }
    expect(toTensor({ data: new Float32Array(1), shape: [1] }, 'x').shape).toEqual([1]);
  });

  test.each([
    ['null', null],
    ['undefined', undefined],
    ['a number', 3],
    ['text', 'data'],
    ['an object without data', { dims: [1] }],
    ['plain data', { data: [1], dims: [1] }],
    ['no shape', { data: new Float32Array(1) }],
    ['a function', Object.assign(() => 0, { data: new Float32Array(1), dims: [1] })],
  ])('refuses %s', (_, value) => {
    expect(() => toTensor(value, 'x')).toThrow(refusal);
  });
});
