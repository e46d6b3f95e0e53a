// The pictures of test/reference/encoded.json, with what Pillow makes of each.
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

interface File {
  cases: Stored[];
  unread: { name: string; file: string }[];
}

const stored = JSON.parse(readFileSync(join(REFERENCE, 'encoded.json'), 'utf8')) as File;
/** In memory of its own. */
const bytesOf = (base64: string) => Uint8Array.from(Buffer.from(base64, 'base64'));

export const encodedPictures: EncodedPicture[] = stored.cases.map((each) => ({
  ...each,
  rgb: Buffer.from(each.rgb ?? '', 'base64'),
  file: bytesOf(each.file),
}));

/** How pictures of formats begin that are not read. */
export const unreadPictures = stored.unread.map(({ name, file }) => ({
  name,
  file: bytesOf(file),
}));
