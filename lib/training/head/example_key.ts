// What tells one picture from another, so that its features are found again.
import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { HeldImage, type Readable, type ReadOptions } from '../../image/input';
import type { Example } from '../data/dataset';

const IS_URL = /^\s*[a-z][a-z\d+.-]*:\/\//i;
const IS_DATA = /^\s*data:/i;

/**
 * SHA-256 in hexadecimal: of a file's path, size and time of change; of what is in it where a picture is no file of its own,
 * such as one in a Parquet file.
 * @throws BitError ERR_BIT_IMAGE for a picture that cannot be read; the signal's reason.
 */
export async function keyOf({ image }: Example, options: ReadOptions): Promise<string> {
  const file = fileOf(image);
  const facts = file && (await factsOf(file));
  if (facts) return digest(JSON.stringify(facts));
  return contentKey(await HeldImage.of(image).read(options));
}

function fileOf(image: Example['image']): string | null {
  const text = image instanceof URL ? image.href : image;
  if (typeof text !== 'string' || IS_DATA.test(text)) return null;
  if (!IS_URL.test(text)) return text;
  return /^\s*file:/i.test(text) ? pathOf(text) : null;
}

/** Null where it stands for none, of which reading it tells. */
function pathOf(url: string): string | null {
  try {
    return fileURLToPath(url.trim());
  } catch {
    return null;
  }
}

/** Null for what is no file: whoever reads it says what it is. */
async function factsOf(path: string): Promise<string[] | null> {
  try {
    const found = await stat(path, { bigint: true });
    return found.isFile()
      ? ['file', resolve(path), String(found.size), String(found.mtimeNs)]
      : null;
  } catch {
    return null;
  }
}

async function contentKey(picture: Readable): Promise<string> {
  if ('encoded' in picture) return digest('encoded', picture.encoded);
  if ('raw' in picture) {
    const { data, width, height, channels } = picture.raw;
    return digest(JSON.stringify(['raw', width, height, channels]), data);
  }
  const { data, info } = await picture.sharp.clone().raw().toBuffer({ resolveWithObject: true });
  return digest(JSON.stringify(['raw', info.width, info.height, info.channels]), data);
}

function digest(name: string, bytes?: Uint8Array | Uint8ClampedArray): string {
  const hash = createHash('sha256').update(`${name}\n`);
  return (bytes ? hash.update(bytes) : hash).digest('hex');
}
