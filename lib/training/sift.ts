// Which pictures of a data set can be read: found out before anything is learnt, and told.
import { BitError } from '../errors';
import { Turns } from '../image/turns';
import type { DatasetProblem, Example } from './data/dataset';
import type { Peers } from './peers/peers';
import { isUnreadable, type Pictures } from './pictures';

/** Pictures that are under way at once; as many as decoders pay is the decoders' own matter. */
const AT_ONCE = 16;

/** An example whose picture cannot be read. */
export interface LeftOut extends DatasetProblem {
  /** Among the examples, from 0. */
  place: number;
}

export interface Sifted {
  readable: Example[];
  leftOut: LeftOut[];
}

/**
 * @param onPicture called with how many were looked at.
 * @throws what is about no picture; the signal's reason.
 */
export async function sift(
  examples: readonly Example[],
  pictures: Pictures,
  onPicture?: (done: number) => void,
): Promise<Sifted> {
  const turns = new Turns(AT_ONCE);
  let done = 0;
  const why = await Promise.all(
    examples.map((example) =>
      turns.take(async () => {
        const message = await problemOf(example, pictures);
        onPicture?.(++done);
        return message;
      }),
    ),
  );
  const leftOut = examples.flatMap(({ path }, place): LeftOut[] => {
    const message = why[place] ?? null;
    return message === null ? [] : [{ place, path, message }];
  });
  return { readable: withoutThem(examples, leftOut), leftOut };
}

/** The same with the pictures shared out among processes, each of which gets to know of all. */
export async function siftTogether(
  examples: readonly Example[],
  pictures: Pictures,
  peers: Peers | null,
): Promise<Sifted> {
  if (!peers) return sift(examples, pictures);
  const { rank, size } = peers;
  const parts = await peers.together(async () => {
    const own = examples.filter((_, place) => place % size === rank);
    const { leftOut } = await sift(own, pictures);
    return leftOut.map((each) => ({ ...each, place: each.place * size + rank }));
  });
  const leftOut = parts.flat().sort((a, b) => a.place - b.place);
  return { readable: withoutThem(examples, leftOut), leftOut };
}

/** The others, in their order. */
export function withoutThem(examples: readonly Example[], leftOut: readonly LeftOut[]): Example[] {
  const places = new Set(leftOut.map(({ place }) => place));
  return examples.filter((_, place) => !places.has(place));
}

async function problemOf(example: Example, pictures: Pictures): Promise<string | null> {
  try {
    await pictures.get(example);
    return null;
  } catch (error) {
    if (!isUnreadable(error)) throw error;
    return error.message;
  }
}

/** @throws BitError ERR_BIT_CONFIG where none of the pictures can be read. */
export function expectSome(examples: readonly Example[], [first]: readonly DatasetProblem[]): void {
  if (examples.length > 0) return;
  const message = `None of the pictures can be read, such as ${first?.path}: ${first?.message}`;
  throw new BitError('ERR_BIT_CONFIG', message);
}
