// Tensors as JavaScript sees them: a typed array, a shape and an element type.
import type { NativeDType, TypedArray } from './binding/types';
import { invalid } from './errors';

/**
 * Element types of {@link Tensor}: 'float32', 'float16', 'bfloat16', 'uint8' or 'int64'; float16 and
 * bfloat16 hold raw bits in a Uint16Array.
 * @category Tensors
 */
export type DType = NativeDType;

/**
 * The layout of onnxruntime's and transformers.js's tensors, accepted wherever a Tensor is.
 * @category Tensors
 */
export interface TensorLike {
  /** A typed array; the types of transformers.js's tensors admit plain ones, which are refused. */
  readonly data: ArrayBufferView | ArrayLike<number>;
  /** Sizes, outermost first. */
  readonly dims: readonly number[];
  /** Element type, as 'float32'; taken from the kind of `data` where it is left out. */
  readonly type?: string;
}

/**
 * What {@link Tensor.toArray} gives: numbers in as many arrays as the shape has sizes.
 * @category Tensors
 */
export type NestedNumbers = number | bigint | NestedNumbers[];

/** Names by brand, not `instanceof`: typed arrays from another realm (jest, vm) are typed arrays too. */
const ARRAY_OF_DTYPE: Record<DType, string> = {
  float32: 'Float32Array',
  float16: 'Uint16Array',
  bfloat16: 'Uint16Array',
  uint8: 'Uint8Array',
  int64: 'BigInt64Array',
};

const DTYPE_OF_ARRAY: Record<string, DType> = {
  Float32Array: 'float32',
  Float16Array: 'float16',
  Uint8Array: 'uint8',
  BigInt64Array: 'int64',
};

const ACCEPTED =
  'a Float32Array, Float16Array, Uint8Array, BigInt64Array or, with float16 or bfloat16 as dtype, a ' +
  'Uint16Array';

function arrayBrand(value: unknown): string {
  return Object.prototype.toString.call(value).slice('[object '.length, -1);
}

function isDType(name: unknown): name is DType {
  return typeof name === 'string' && Object.hasOwn(ARRAY_OF_DTYPE, name);
}

/** Sizes whose product can be counted, even where a zero among them makes the tensor empty. */
function isShape(shape: unknown): shape is number[] {
  if (!Array.isArray(shape)) return false;
  const sizes = Array.from<unknown>(shape); // holes become undefined
  const isSize = (size: unknown) => Number.isSafeInteger(size) && (size as number) >= 0;
  return (
    sizes.every(isSize) &&
    Number.isSafeInteger((sizes as number[]).reduce((product, size) => product * (size || 1), 1))
  );
}

/**
 * A dense row-major tensor; `data.length` is the product of `shape`.
 * @category Tensors
 */
export class Tensor<Data extends TypedArray = TypedArray> {
  /** Element type. */
  readonly dtype: DType;
  /** Sizes, outermost first; [] for a scalar. */
  readonly shape: readonly number[];
  /**
   * The values, rows one after the other: Float32Array, Uint8Array, BigInt64Array (int64), or
   * Uint16Array with the raw bits of float16 and bfloat16.
   */
  readonly data: Data;

  /** Use {@link Tensor.from}. */
  private constructor(data: Data, shape: readonly number[], dtype?: DType) {
    const given = arrayBrand(data);
    const type = dtype ?? DTYPE_OF_ARRAY[given];
    // Its bits are what the others call float16.
    const isFloat16 = given === 'Float16Array' && type === 'float16';
    const brand = isFloat16 ? 'Uint16Array' : given;
    if (type === undefined || !isDType(type) || ARRAY_OF_DTYPE[type] !== brand) {
      const wanted = isDType(type) ? ARRAY_OF_DTYPE[type] : ACCEPTED;
      throw invalid('ERR_BIT_SHAPE', 'tensor data', wanted, data);
    }
    if (!isShape(shape)) {
      throw invalid('ERR_BIT_SHAPE', 'tensor shape', 'an array of non-negative integers', shape);
    }
    if (shape.reduce((product, size) => product * size, 1) !== data.length) {
      const wanted = `sizes whose product is ${data.length}`;
      throw invalid('ERR_BIT_SHAPE', 'tensor shape', wanted, shape);
    }
    this.data = isFloat16 ? bitsOf(data) : data;
    this.shape = [...shape];
    this.dtype = type;
  }

  /**
   * Wraps `data` without copying it.
   * @param data Float32Array, Uint8Array, BigInt64Array, Float16Array (whose bits are then a
   *   Uint16Array), or Uint16Array with `dtype` given.
   * @param shape dimensions, outermost first; their product must be `data.length`.
   * @throws BitError ERR_BIT_SHAPE when data, shape and dtype do not fit together.
   */
  static from<Data extends TypedArray>(
    data: Data,
    shape: readonly number[],
    dtype?: DType,
  ): Tensor<Data> {
    return new Tensor(data, shape, dtype);
  }

  /** Nested arrays of numbers (bigints for int64), decoding float16 and bfloat16. */
  toArray(): NestedNumbers {
    const source =
      this.dtype === 'float16' || this.dtype === 'bfloat16' ? this.toFloat32().data : this.data;
    let offset = 0;
    const build = (axis: number): NestedNumbers => {
      if (axis === this.shape.length) return source[offset++] as number | bigint;
      return Array.from({ length: this.shape[axis] as number }, () => build(axis + 1));
    };
    return build(0);
  }

  /** The same values as float32; int64 beyond 2^24 loses precision. Returns itself if it is float32. */
  toFloat32(): Tensor<Float32Array> {
    if (this.dtype === 'float32') return this as Tensor as Tensor<Float32Array>;
    const decode = {
      float16: decodeFloat16,
      bfloat16: decodeBfloat16,
      uint8: Number,
      int64: Number,
    }[this.dtype];
    const out = new Float32Array(this.data.length);
    for (let i = 0; i < out.length; i++) out[i] = decode(this.data[i] as never);
    return new Tensor(out, this.shape, 'float32');
  }
}

/** The same memory as a Uint16Array. */
function bitsOf<Data extends TypedArray>({ buffer, byteOffset, length }: Data): Data {
  return new Uint16Array(buffer, byteOffset, length) as unknown as Data;
}

/** IEEE 754 binary16 → number. */
function decodeFloat16(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction ? NaN : sign * Infinity;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

const scratch = new DataView(new ArrayBuffer(4));

/** bfloat16 is the upper half of a float32. */
function decodeBfloat16(bits: number): number {
  scratch.setUint16(0, bits);
  scratch.setUint16(2, 0);
  return scratch.getFloat32(0);
}

/**
 * A Tensor from a Tensor or a `{ data, dims }` of onnxruntime or transformers.js.
 * @throws BitError ERR_BIT_SHAPE naming `name` when it is neither.
 */
export function toTensor(value: unknown, name: string): Tensor {
  if (value instanceof Tensor) return value;
  const like = value as {
    data?: unknown;
    dims?: unknown;
    shape?: unknown;
    type?: unknown;
    dtype?: unknown;
  } | null;
  const shape = like?.dims ?? like?.shape;
  if (
    !like ||
    typeof like !== 'object' ||
    !ArrayBuffer.isView(like.data) ||
    !Array.isArray(shape)
  ) {
    throw invalid('ERR_BIT_SHAPE', name, 'a Tensor or { data, dims }', value);
  }
  const type = like.dtype ?? like.type;
  const dtype = isDType(type) ? type : undefined;
  return Tensor.from(like.data as unknown as TypedArray, shape as number[], dtype);
}
