// Which pictures of a data set can be read: found out before anything is learnt, and told.
import { BitError } from '../errors';
import { Turns } from '../image/turns';
import type { DatasetProblem, Example } from './data/dataset';
import type { Pictures } from './pictures';

/** Pictures that are under way at once; as many as decoders pay is the decoders' own matter. */
const AT_ONCE = 16;

export interface Sifted {
  readable: Example[];
  problems: DatasetProblem[];
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
        const problem = await problemOf(example, pictures);
        onPicture?.(++done);
        return problem;
      }),
    ),
  );
  return {
    readable: examples.filter((_, index) => why[index] === null),
    problems: why.filter((problem) => problem !== null),
  };
}

async function problemOf(example: Example, pictures: Pictures): Promise<DatasetProblem | null> {
  try {
    await pictures.get(example);
    return null;
  } catch (error) {
    if (!(error instanceof BitError) || error.code !== 'ERR_BIT_IMAGE') throw error;
    return { path: example.path, message: error.message };
  }
}
