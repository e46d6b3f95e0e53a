// The pictures of test/reference/encoded.json and pngs.json, with what Pillow makes of each.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { REFERENCE } from './reference';

export interface EncodedPicture {
  name: string;
  /** Empty, with the name of Pillow's error, where it refuses the file. */
  rgb: Buffer;
  width: number;
  height: number;
  error?: string;
  file: Uint8Array;
}

interface Stored extends Omit<EncodedPicture, 'file' | 'rgb'> {
  file: string;
  rgb?: string;
}

const read = <T>(name: string) => JSON.parse(readFileSync(join(REFERENCE, name), 'utf8')) as T;
/** In memory of its own. */
const bytesOf = (base64: string) => Uint8Array.from(Buffer.from(base64, 'base64'));

const unpacked = (pictures: Stored[]): EncodedPicture[] =>
  pictures.map((each) => ({
    ...each,
    rgb: Buffer.from(each.rgb ?? '', 'base64'),
    file: bytesOf(each.file),
  }));

const encoded = read<{ cases: Stored[]; unread: { name: string; file: string }[] }>('encoded.json');

export const encodedPictures = unpacked(encoded.cases);

/** How pictures of formats begin that are not read. */
export const unreadPictures = encoded.unread.map(({ name, file }) => ({
  name,
  file: bytesOf(file),
}));

const pngs = read<{ cases: Stored[]; odd: Stored[] }>('pngs.json');

/** Of every colour type, depth and filter. */
export const pngPictures = unpacked(pngs.cases);

/** PNGs that are broken in some way, of which Pillow reads some. */
export const oddPngs = unpacked(pngs.odd);
