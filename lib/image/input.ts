// What a user calls an image: held when a call is made, told apart, and read up to the point of decoding.
import type { Sharp } from 'sharp';
import { DEFAULT_TIMEOUT_MS } from '../config/defaults';
import { BitError, describe } from '../errors';
import { download } from './download';
import { decodeBase64, decodeDataUrl } from './encoded_text';
import { MAX_ENCODED_BYTES, readPicture, tooLarge } from './file';
import { expectPicture } from './format';

/**
 * Decoded pixels, row by row, the channels of each together.
 * @category Images
 */
export interface RawPixels {
  /** `height * width * channels` values from 0 to 255. */
  data: Uint8Array | Uint8ClampedArray;
  /** Pixels in a row. */
  width: number;
  /** Rows. */
  height: number;
  /** 1 (grey), 2 (grey, alpha), 3 (RGB) or 4 (RGBA). */
  channels: number;
}

/**
 * A path, a file:, http(s): or data: URL, base64, an encoded image in memory, a sharp instance
 * (decoded with its own settings), or raw pixels.
 * @category Images
 */
export type ImageInput = string | URL | Uint8Array | ArrayBuffer | Sharp | RawPixels;

/** Raw pixels, or what sharp can decode. */
export type Readable = { raw: RawPixels } | { encoded: Uint8Array } | { sharp: Sharp };

export interface ReadOptions {
  signal?: AbortSignal;
  /** How long a server may be silent. */
  timeoutMs?: number;
}

const brand = (value: unknown) => Object.prototype.toString.call(value).slice(8, -1);

/** What a library threw, in words; its Error may be another realm's. */
export function messageOf(cause: unknown): string {
  const message = (cause as Partial<Error> | null)?.message;
  return typeof message === 'string' ? message : String(cause);
}

function fail(message: string): never {
  throw new BitError('ERR_BIT_IMAGE', message);
}

/** An image as it was when it was given: whatever happens to the caller's memory, this stays. */
export class HeldImage {
  private constructor(
    private readonly kept:
      | Readable
      | { text: string }
      | { error: BitError }
      | { name: string; bytes: (options: ReadOptions) => Promise<Uint8Array> },
  ) {}

  /** Copies what is in memory; what is wrong with it is told by read(). */
  static of(input: ImageInput | HeldImage): HeldImage {
    if (input instanceof HeldImage) return input;
    try {
      return new HeldImage(keep(input));
    } catch (error) {
      if (error instanceof BitError) return new HeldImage({ error });
      const gone = 'its memory was transferred, or has shrunk';
      const message = `Cannot read the image: ${gone} (${messageOf(error)})`;
      return new HeldImage({ error: new BitError('ERR_BIT_IMAGE', message, { cause: error }) });
    }
  }

  /** One that somebody else reads when its turn comes; `name` is for messages. */
  static reading(name: string, bytes: (options: ReadOptions) => Promise<Uint8Array>): HeldImage {
    return new HeldImage({ name, bytes });
  }

  /** One that is known to be unreadable. */
  static failed(error: BitError): HeldImage {
    return new HeldImage({ error });
  }

  /** The path or URL, for messages; null for an image in memory. */
  get source(): string | null {
    if ('name' in this.kept) return this.kept.name;
    return 'text' in this.kept && !/^\s*data:/i.test(this.kept.text) ? this.kept.text : null;
  }

  /**
   * Reads files and downloads.
   * @throws BitError ERR_BIT_IMAGE saying what is wrong with which path; the signal's reason.
   */
  async read(options: ReadOptions = {}): Promise<Readable> {
    if ('error' in this.kept) throw this.kept.error;
    if ('bytes' in this.kept) return { encoded: await this.kept.bytes(options) };
    return 'text' in this.kept ? readText(this.kept.text, options) : this.kept;
  }
}

function keep(input: ImageInput): Readable | { text: string } {
  if (typeof input === 'string') return { text: input };
  if (brand(input) === 'URL') return { text: (input as URL).href };
  const bytes = bytesOf(input);
  if (bytes) return { encoded: encoded(copyOf(bytes)) };
  if (isSharp(input)) return { sharp: input.clone() };
  return { raw: rawPixels(input) };
}

/** Encoded bytes in any kind of memory. */
function bytesOf(input: unknown): Uint8Array | null {
  if (brand(input) === 'Uint8Array') return input as Uint8Array;
  const isBuffer = ['ArrayBuffer', 'SharedArrayBuffer'].includes(brand(input));
  return isBuffer ? new Uint8Array(input as ArrayBuffer) : null;
}

/** Not data.slice(), which for a Buffer is no copy; throws for memory that is gone. */
function copyOf(data: Uint8Array | Uint8ClampedArray): Uint8Array {
  return Uint8Array.prototype.slice.call(data);
}

function encoded(bytes: Uint8Array): Uint8Array {
  if (bytes.length === 0) fail('Expected an encoded image but received no bytes');
  if (bytes.length > MAX_ENCODED_BYTES) fail(`Cannot read the image: ${tooLarge(bytes.length)}`);
  try {
    expectPicture(bytes);
  } catch (error) {
    fail(`Cannot read the image: ${messageOf(error)}`);
  }
  return bytes;
}

/** By what it can do: a second copy of sharp is sharp too. */
function isSharp(value: unknown): value is Sharp {
  const methods = value as Partial<Record<'clone' | 'raw' | 'metadata', unknown>> | null;
  if (typeof methods !== 'object' || methods === null) return false;
  return [methods.clone, methods.raw, methods.metadata].every((each) => typeof each === 'function');
}

async function readText(
  text: string,
  { signal, timeoutMs = DEFAULT_TIMEOUT_MS }: ReadOptions,
): Promise<Readable> {
  if (/^\s*https?:/i.test(text)) return { encoded: await download(text, timeoutMs, signal) };
  if (/^\s*data:/i.test(text)) return { encoded: encoded(decodeDataUrl(text)) };
  if (text === '' || text.includes('\0'))
    fail(`Expected a path or URL but received ${describe(text)}`);
  if (/^\s*[a-z][a-z\d+.-]*:\/\//i.test(text) && !/^\s*file:/i.test(text))
    fail(`Expected a path or a file:, http:, https: or data: URL but received ${describe(text)}`);
  return {
    encoded: await readPicture(text, signal).catch((error: unknown) => inText(text, error)),
  };
}

/** A text that names no file may be the picture itself, in base64. @throws what is no such text's */
function inText(text: string, error: unknown): Uint8Array {
  const { code } = ((error as BitError).cause ?? {}) as NodeJS.ErrnoException;
  const isNoFile = code === 'ENOENT' || code === 'ENAMETOOLONG' || code === 'ENOTDIR';
  const bytes = isNoFile ? decodeBase64(text) : null;
  if (bytes === null) throw error;
  try {
    expectPicture(bytes);
    return bytes;
  } catch {
    throw error;
  }
}

function rawPixels(value: unknown): RawPixels {
  const raw = value as Partial<RawPixels> | null;
  const isBytes = ['Uint8Array', 'Uint8ClampedArray'].includes(brand(raw?.data));
  if (!isBytes) {
    const kinds =
      'a path, a URL, encoded bytes, a sharp instance or { data, width, height, channels }';
    fail(`Expected ${kinds} but received ${describe(value)}`);
  }
  const { data, width, height, channels } = raw as RawPixels;
  const areSizes = [width, height].every((side) => Number.isSafeInteger(side) && side > 0);
  if (!areSizes || ![1, 2, 3, 4].includes(channels)) {
    const given = describe({ width, height, channels });
    fail(`Expected positive sizes and 1 to 4 channels for raw pixels but received ${given}`);
  }
  if (data.length !== width * height * channels) {
    const size = `${width} x ${height} x ${channels} bytes`;
    fail(`Expected ${size} of raw pixels but received ${data.length}`);
  }
  return { data: copyOf(data), width, height, channels };
}
