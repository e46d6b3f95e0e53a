// PBM, PGM and PPM, plain and raw (netpbm.sourceforge.net/doc), as Pillow reads them and converts them to RGB.
// Of our own, since no library that is kept up reads them.
import { BitError } from '../errors';
import type { RawPixels } from './input';
import { decodeRows, expectSize, truncated } from './rows';

const NEWLINES = [0x0a, 0x0d];
const isSpace = (byte: number) => byte === 0x20 || (byte >= 0x09 && byte <= 0x0d);
const COMMENT = 0x23;
const ZERO = 0x30;
/** The most that Pillow takes of a number. */
const MAX_DIGITS = 10;
const MAX_VALUE = 65535;
const WHITE = 255;

/** By the digit after P. */
const KINDS: Readonly<Record<string, { channels: 1 | 3; isBits: boolean; isPlain: boolean }>> = {
  1: { channels: 1, isBits: true, isPlain: true },
  2: { channels: 1, isBits: false, isPlain: true },
  3: { channels: 3, isBits: false, isPlain: true },
  4: { channels: 1, isBits: true, isPlain: false },
  5: { channels: 1, isBits: false, isPlain: false },
  6: { channels: 3, isBits: false, isPlain: false },
};

function fail(message: string): never {
  throw new BitError('ERR_BIT_IMAGE', message);
}

/** @throws BitError ERR_BIT_IMAGE saying what is wrong. */
export async function decodeNetpbm(bytes: Uint8Array): Promise<RawPixels> {
  const kind = KINDS[String.fromCharCode(bytes[1] as number)];
  if (!kind) return fail('it is no PBM, PGM or PPM');
  const { channels, isBits, isPlain } = kind;
  const header = new Tokens(bytes, 2);
  const [width, height] = [header.number(), header.number()];
  expectSize(width, height);
  const maxValue = isBits ? 1 : header.number();
  if (maxValue < 1 || maxValue > MAX_VALUE)
    fail(`its largest value is ${maxValue}, and may be 1 to ${MAX_VALUE}`);

  const samples = width * channels;
  // Before there is room for them: each takes a digit, or a bit, at least.
  if ((samples * height) / (isPlain ? 1 : 8) > bytes.length - header.at) truncated();
  const read = isPlain
    ? plainReader(header, isBits, maxValue)
    : rawReader(bytes, header.at, { isBits, maxValue, samples, height });
  const shown = shownValue(maxValue, isBits, channels);
  return decodeRows({ width, height }, (data, at, row) => {
    for (let i = 0; i < samples; i++) {
      const value = shown(read(row, i));
      if (channels === 3) data[at + i] = value;
      else data.fill(value, at + 3 * i, at + 3 * i + 3);
    }
  });
}

/** What a value is in eight bits. Grey of more than eight is clipped, as Pillow's mode I is. */
function shownValue(maxValue: number, isBits: boolean, channels: number) {
  const most = channels === 1 && maxValue > WHITE ? MAX_VALUE : WHITE;
  return (value: number) => {
    if (isBits) return value === 0 ? WHITE : 0;
    if (maxValue === WHITE) return value;
    return Math.min(WHITE, roundToEven((value / maxValue) * most));
  };
}

/** Python's round(). */
function roundToEven(value: number): number {
  const below = Math.floor(value);
  if (value - below !== 0.5) return Math.round(value);
  return below % 2 === 0 ? below : below + 1;
}

/** A sample of a row; rows and samples are asked for in order. */
type ReadSample = (row: number, index: number) => number;

interface RawLayout {
  isBits: boolean;
  maxValue: number;
  /** Of a row. */
  samples: number;
  height: number;
}

function rawReader(
  bytes: Uint8Array,
  begin: number,
  { isBits, maxValue, samples, height }: RawLayout,
): ReadSample {
  const isWide = maxValue > WHITE;
  const rowBytes = isBits ? Math.ceil(samples / 8) : samples * (isWide ? 2 : 1);
  if (begin + rowBytes * height > bytes.length) truncated();
  const byte = (at: number) => bytes[at] as number;
  return (row, index) => {
    const at = begin + row * rowBytes;
    if (isBits) return (byte(at + (index >> 3)) >> (7 - (index & 7))) & 1;
    return isWide ? (byte(at + 2 * index) << 8) | byte(at + 2 * index + 1) : byte(at + index);
  };
}

function plainReader(tokens: Tokens, isBits: boolean, maxValue: number): ReadSample {
  return () => {
    const value = isBits ? tokens.digit() : tokens.number();
    if (value > maxValue) fail(`a value of ${value} is more than its largest, ${maxValue}`);
    return value;
  };
}

/** Numbers in text, with white space and comments between them. */
class Tokens {
  constructor(
    private readonly bytes: Uint8Array,
    public at: number,
  ) {}

  /** A number, and the one character after it. */
  number(): number {
    this.skip();
    let text = '';
    while (this.at < this.bytes.length) {
      const byte = this.bytes[this.at] as number;
      if (byte === COMMENT) this.skipComment();
      else {
        this.at++;
        if (isSpace(byte)) break;
        text += String.fromCharCode(byte);
      }
      if (text.length > MAX_DIGITS) break;
    }
    if (text === '') truncated();
    if (!/^\d{1,10}$/.test(text)) fail(`${JSON.stringify(text)} stands where a number belongs`);
    return Number(text);
  }

  /** One of the digits 0 and 1, which need nothing between them. */
  digit(): number {
    this.skip();
    if (this.at >= this.bytes.length) truncated();
    const digit = (this.bytes[this.at++] as number) - ZERO;
    return digit === 0 || digit === 1 ? digit : fail('it has other digits than 0 and 1');
  }

  private skip(): void {
    for (; this.at < this.bytes.length; this.at++) {
      if (this.bytes[this.at] === COMMENT) this.skipComment();
      if (!isSpace(this.bytes[this.at] as number)) return;
    }
  }

  /** To the end of its line. */
  private skipComment(): void {
    while (this.at < this.bytes.length && !NEWLINES.includes(this.bytes[this.at] as number))
      this.at++;
  }
}
