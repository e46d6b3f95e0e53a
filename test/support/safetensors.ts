// A reader for expected values, independent of the one under test: small float32 and int64 files.
import { readFileSync } from 'node:fs';
import { Tensor } from '../../lib/tensor';

interface Entry {
  dtype: string;
  shape: number[];
  data_offsets: [number, number];
}

export function readSafetensors(path: string): Map<string, Tensor> {
  const bytes = readFileSync(path);
  const headerSize = Number(bytes.readBigUInt64LE(0));
  const header = JSON.parse(bytes.toString('utf8', 8, 8 + headerSize)) as Record<string, Entry>;
  const tensors = new Map<string, Tensor>();
  for (const [name, entry] of Object.entries(header)) {
    if (name === '__metadata__') continue;
    const [begin, end] = entry.data_offsets.map((offset) => offset + 8 + headerSize) as [
      number,
      number,
    ];
    // A copy starts at an aligned address, whatever the file's offset is.
    const { buffer } = Uint8Array.from(bytes.subarray(begin, end));
    const data = entry.dtype === 'I64' ? new BigInt64Array(buffer) : new Float32Array(buffer);
    if (entry.dtype !== 'I64' && entry.dtype !== 'F32')
      throw new Error(`${name} is ${entry.dtype}`);
    tensors.set(name, Tensor.from(data, entry.shape));
  }
  return tensors;
}
