// The one loop of a job: parts of pictures through a model that is never left waiting between them.
import type { BitError } from '../errors';
import type { Engine } from './engine';
import type { Picture } from './inputs/picture';
import type { BatchRow } from './row';

/** Pictures that belong together, under a key of their own. */
export interface PictureGroup<Key> {
  key: Key;
  /** One at least. */
  pictures: AsyncIterable<Picture>;
}

export interface KeyedRow<Key> {
  key: Key;
  row: BatchRow;
  /** Whether it is the last one of its group. */
  isLast: boolean;
}

/** Of pictures in memory, as shards give them, beyond those that the engine has to have. */
const MOST_BYTES = 64 * 1024 ** 2;

/** A row for each picture, in order; groups are taken as their turn comes. */
export async function* rowsOf<Key>(
  groups: AsyncIterable<PictureGroup<Key>>,
  engine: Pick<Engine, 'settled' | 'together'>,
): AsyncGenerator<KeyedRow<Key>, void, undefined> {
  const underWay: { key: Key; path: string; place: string; isLast: boolean; bytes: number }[] = [];
  let bytesUnderWay = 0;
  let goOn = () => {};
  async function* images(): AsyncGenerator<Picture['image']> {
    for await (const { key, pictures } of groups)
      for await (const { value, isLast } of withLast(pictures)) {
        const { path, place = path, image } = value;
        const bytes = bytesOf(image);
        while (underWay.length >= engine.together && bytesUnderWay + bytes > MOST_BYTES)
          await new Promise<void>((resolve) => (goOn = resolve));
        bytesUnderWay += bytes;
        underWay.push({ key, path, place, isLast, bytes });
        yield image;
      }
  }
  for await (const { result, error } of engine.settled(images())) {
    const { key, path, place, isLast, bytes } = underWay.shift() as (typeof underWay)[number];
    bytesUnderWay -= bytes;
    goOn();
    const row = error ? failedRow(path, error, place) : ({ path, ...result } as BatchRow);
    yield { key, row, isLast };
  }
}

/** What an image takes in memory: one that is still to be read takes nothing. */
function bytesOf(image: Picture['image']): number {
  const { byteLength, data } = image as Partial<Uint8Array> & { data?: Partial<Uint8Array> };
  return Number(byteLength ?? data?.byteLength ?? 0);
}

/** Of an input that cannot be used; its path, which the error calls `place`, is not said twice. */
export function failedRow(path: string, { code, message }: BitError, place = path): BatchRow {
  return { path, error: { code, message: message.replace(` ${place}:`, ':') } };
}

/** Each with whether another one follows. */
async function* withLast<T>(
  values: AsyncIterable<T>,
): AsyncGenerator<{ value: T; isLast: boolean }> {
  let held: { value: T } | null = null;
  for await (const value of values) {
    if (held) yield { ...held, isLast: false };
    held = { value };
  }
  if (held) yield { ...held, isLast: true };
}
