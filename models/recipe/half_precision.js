// Weights in half the bytes: a safetensors file of float32 rewritten as float16.

const fs = require('node:fs');

/** Of the little-endian number that says how long a file's header is. */
const LENGTH_BYTES = 8;
/** Headers end on such a boundary, as the safetensors library writes them. */
const ALIGNMENT = 8;
const FRACTION_BITS = 10;
const LEAST_EXPONENT = -14;
const LARGEST = 65504;

/** To the nearest whole number, halves to the even one. */
function roundEven(value) {
  const rounded = Math.round(value);
  return rounded - value === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded;
}

/**
 * The bits of the float16 that is nearest to a number, of two as near the even one.
 *
 * @param {number} value
 * @returns {number} 16 bits
 * @throws RangeError for what float16 cannot hold: weights are never so large
 */
function halfBits(value) {
  const size = Math.abs(value);
  // Without it, half a step above the largest would turn into infinity.
  if (!(size <= LARGEST)) throw new RangeError(`${value} is no float16`);
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const exponent = Math.max(Math.floor(Math.log2(size)), LEAST_EXPONENT);
  const steps = roundEven(size * 2 ** (FRACTION_BITS - exponent));
  // Counted in steps, each exponent begins where the one below it ends: what is rounded up carries.
  return sign | (steps + ((exponent - LEAST_EXPONENT) << FRACTION_BITS));
}

/**
 * @param {Buffer} bytes float32, little-endian
 * @param {number} factor
 */
function halved(bytes, factor) {
  const half = Buffer.alloc(bytes.length / 2);
  for (let at = 0; at < half.length; at += 2)
    half.writeUInt16LE(halfBits(factor * bytes.readFloatLE(2 * at)), at);
  return half;
}

/**
 * Writes the tensors of one safetensors file into another, each value as the nearest float16.
 *
 * @param {string} from all of it float32
 * @param {string} to
 * @param {Record<string, number>} factors of tensors by name; 1 where there is none
 * @throws RangeError for another type, or a value that float16 cannot hold
 */
function writeHalf(from, to, factors = {}) {
  const file = fs.readFileSync(from);
  const body = LENGTH_BYTES + Number(file.readBigUInt64LE(0));
  const header = JSON.parse(file.subarray(LENGTH_BYTES, body).toString());
  const parts = [];
  let at = 0;
  for (const [name, tensor] of Object.entries(header)) {
    if (name === '__metadata__') continue;
    if (tensor.dtype !== 'F32') throw new RangeError(`${name} of ${from} is ${tensor.dtype}`);
    const [begin, end] = tensor.data_offsets;
    const half = halved(file.subarray(body + begin, body + end), factors[name] ?? 1);
    parts.push(half);
    header[name] = { ...tensor, dtype: 'F16', data_offsets: [at, at + half.length] };
    at += half.length;
  }
  const text = JSON.stringify(header);
  const padded = Buffer.from(text.padEnd(Math.ceil(text.length / ALIGNMENT) * ALIGNMENT));
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeBigUInt64LE(BigInt(padded.length));
  fs.writeFileSync(to, Buffer.concat([length, padded, ...parts]));
}

module.exports = { halfBits, writeHalf };
