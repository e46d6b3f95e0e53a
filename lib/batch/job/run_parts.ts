// The parts that are left of a job, one after the other, each written and made to count as it ends.
import { openListed } from '../inputs/open';
import type { Engine } from '../engine';
import { FORMATS } from '../outputs/formats';
import type { BatchRow } from '../row';
import { rowsOf, type PictureGroup } from '../rows';
import type { Store } from '../store/store';
import type { DonePart } from './done';
import type { Job } from './journal';
import { PartOutput } from './part_output';
import { readPart } from './plan';

export interface PartWork {
  store: Store;
  job: Job;
  engine: Pick<Engine, 'settled' | 'shape' | 'together'>;
  column?: string;
  /** The folder that relative paths start from; default this process's. */
  base?: string;
  retries: number;
  signal?: AbortSignal;
  /** Told of each part once it counts; null for one that somebody else was quicker with. */
  onPart?: (part: number, record: DonePart | null) => void;
}

/** Parts whose files are being closed while later ones run. */
const MOST_COMMITS = 2;

/**
 * The rows of these parts. Those of a part that has begun when this ends early are not kept.
 * @throws BitError ERR_BIT_OUTPUT where they cannot be written.
 */
export async function* runParts(
  parts: Iterable<number> | AsyncIterable<number>,
  work: PartWork,
): AsyncGenerator<BatchRow, void, undefined> {
  const { store, job, engine } = work;
  const format = FORMATS[job.settings.format];
  const commits = new Commits(work.onPart);
  let output: PartOutput | null = null;
  try {
    for await (const { key: part, row, isLast } of rowsOf(groupsOf(parts, work), engine)) {
      output ??= new PartOutput(store, job, part, format, engine.shape);
      await output.write(row);
      if (isLast) {
        await commits.add(output);
        output = null;
      }
      yield row;
    }
    await commits.end();
  } finally {
    await output?.discard();
    await commits.settle();
  }
}

async function* groupsOf(
  parts: Iterable<number> | AsyncIterable<number>,
  { store, job, column, retries, base, signal }: PartWork,
): AsyncGenerator<PictureGroup<number>> {
  for await (const part of parts) {
    const listed = await readPart(store, job.plan, part);
    yield { key: part, pictures: openListed(listed, { column, retries, base, signal }) };
  }
}

/** Commits under way: the model goes on meanwhile. */
class Commits {
  private readonly underWay: Promise<void>[] = [];

  constructor(private readonly onPart: PartWork['onPart']) {}

  /** Waits where too many are under way. @throws what one of them rejects with. */
  async add(output: PartOutput): Promise<void> {
    const commit = output.commit().then((record) => this.onPart?.(output.part, record));
    commit.catch(() => undefined); // thrown where it is awaited
    this.underWay.push(commit);
    if (this.underWay.length > MOST_COMMITS) await this.underWay.shift();
  }

  async end(): Promise<void> {
    while (this.underWay.length > 0) await this.underWay.shift();
  }

  /** Waits for all, whatever becomes of them. */
  async settle(): Promise<void> {
    await Promise.allSettled(this.underWay);
  }
}
