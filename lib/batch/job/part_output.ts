// The files of one part: written aside, and moved to their names when they are complete.
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { RowFormat, RowWriter, Shape } from '../outputs/writer';
import type { BatchRow } from '../row';
import { WORK, type FileFacts, type Store, type StoreFile } from '../store/store';
import { markDone, partName, type DonePart } from './done';
import type { Job } from './journal';
import { TallyCounter } from './tally';

export class PartOutput {
  private files: StoreFile[] = [];
  private writer: RowWriter | null = null;
  private rows = 0;
  private readonly counter = new TallyCounter();
  private readonly errors: Record<string, number> = {};
  private readonly begun = performance.now();
  private readonly names: { name: string; from: string }[];

  constructor(
    private readonly store: Store,
    private readonly job: Pick<Job, 'id'>,
    readonly part: number,
    private readonly format: RowFormat,
    private readonly shape: Shape,
  ) {
    const id = randomUUID();
    this.names = format.endings.map((ending) => ({
      name: `part-${partName(part)}.${ending}`,
      from: `${WORK}/${partName(part)}-${id}.${ending}`,
    }));
  }

  async write(row: BatchRow): Promise<void> {
    this.rows++;
    this.counter.add(row);
    if (row.error) this.errors[row.error.code] = (this.errors[row.error.code] ?? 0) + 1;
    await (await this.open()).write(row);
  }

  /**
   * Makes the part count, unless somebody else's does already.
   * @returns what is written of it, null in that case.
   */
  async commit(): Promise<DonePart | null> {
    try {
      await (await this.open()).end();
      const facts: FileFacts[] = [];
      for (const file of this.files) facts.push(await file.close());
      const record: DonePart = {
        part: this.part,
        rows: this.rows,
        errors: this.errors,
        files: this.names.map((names, at) => ({ ...names, ...facts[at]! })),
        tally: this.counter.tally,
        finished: new Date().toISOString(),
        seconds: (performance.now() - this.begun) / 1000,
        worker: `${hostname()}:${process.pid}`,
      };
      if (await markDone(this.store, this.job, record)) return record;
      for (const { from } of this.names) await this.store.remove(from);
      return null;
    } finally {
      await this.discard();
    }
  }

  /** Leaves nothing of it; does nothing after commit(). */
  async discard(): Promise<void> {
    for (const file of this.files) await file.discard();
  }

  private async open(): Promise<RowWriter> {
    if (this.writer) return this.writer;
    for (const { from } of this.names) this.files.push(await this.store.create(from));
    this.writer = this.format.writer(this.files, this.shape);
    return this.writer;
  }
}
