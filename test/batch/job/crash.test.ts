import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { FolderStore } from '../../../lib/batch/store/folder';
import type { Store, StoreFile } from '../../../lib/batch/store/store';
import { runJob, temporaryFolder, writtenRows } from '../../support/jobs';

const NAMES = ['a', 'b', 'bad c', 'd', 'a', 'e', 'f', 'bad g'];
const UNDISTURBED = NAMES.map((path) =>
  JSON.stringify(
    path.startsWith('bad')
      ? { path, error: { code: 'ERR_BIT_IMAGE', message: 'Cannot decode the image: it is bad' } }
      : { path, predictions: [{ label: path, score: 1 }] },
  ),
);

class Killed extends Error {}

/** A folder of a process that ends at its n-th step, which is done or not: nothing runs after it. */
class MortalStore extends FolderStore implements Store {
  private readonly files: StoreFile[] = [];

  constructor(
    folder: string,
    private steps: number,
    private readonly isDone: boolean,
  ) {
    super(folder);
  }

  get isDead(): boolean {
    return this.steps < 0;
  }

  /** As the system does for a process that has ended. */
  async closeFiles(): Promise<void> {
    for (const file of this.files) await file.discard();
  }

  private async step<T>(work: () => Promise<T>): Promise<T> {
    if (this.steps-- > 0) return work();
    if (this.steps === -1 && this.isDone) await work();
    throw new Killed();
  }

  override list = (folder: string) => super.list(folder);
  override writeOnce = (name: string, text: string) => this.step(() => super.writeOnce(name, text));
  override replace = (name: string, text: string) => this.step(() => super.replace(name, text));
  override move = (from: string, to: string) => this.step(() => super.move(from, to));
  override remove = (name: string) => this.step(() => super.remove(name));

  override async create(name: string): Promise<StoreFile> {
    const file = await this.step(async () => {
      const made = await super.create(name);
      this.files.push(made);
      return made;
    });
    return {
      write: (bytes) => this.step(() => file.write(bytes)),
      close: () => this.step(() => file.close()),
      // What a killed process does not come to.
      discard: async () => (this.isDead ? undefined : file.discard()),
    };
  }
}

/** Steps of an undisturbed run. */
async function stepsOf(): Promise<number> {
  const folder = temporaryFolder();
  let steps = 0;
  for (; ; steps++) {
    rmSync(folder, { recursive: true, force: true });
    const store = new MortalStore(folder, steps, true);
    const ended = await runJob(store, NAMES).then(
      () => true,
      () => false,
    );
    await store.closeFiles();
    if (ended) return steps;
  }
}

test.each([
  ['before', false],
  ['after', true],
])('a run that ends %s any of its steps is gone on with', async (_, isDone) => {
  const steps = await stepsOf();
  expect(steps).toBeGreaterThan(20);
  for (let step = 0; step < steps; step++) {
    const folder = temporaryFolder();
    const store = new MortalStore(folder, step, isDone);
    await expect(runJob(store, NAMES)).rejects.toThrow(Killed);
    // What is seen at any moment are whole parts.
    for (const row of writtenRows(folder)) expect(UNDISTURBED).toContain(row);
    await runJob(new FolderStore(folder), NAMES);
    await store.closeFiles();
    expect(writtenRows(folder)).toEqual(UNDISTURBED);
    expect(readdirSync(folder).sort()).toEqual([
      '.job',
      '_manifest.json',
      'part-00000.jsonl',
      'part-00001.jsonl',
      'part-00002.jsonl',
    ]);
    const kept = readdirSync(join(folder, '.job')).sort();
    expect(kept).toEqual([
      expect.stringMatching(/^done-/) as string,
      'job.json',
      expect.stringMatching(/^plan-/) as string,
    ]);
    rmSync(folder, { recursive: true });
  }
});

test('one that is ended again and again comes to its end', async () => {
  const folder = temporaryFolder();
  for (let tries = 0; ; tries++) {
    const store = new MortalStore(folder, 12, tries % 2 === 0);
    const ended = await runJob(store, NAMES).then(
      () => true,
      () => false,
    );
    await store.closeFiles();
    if (ended) break;
    expect(tries).toBeLessThan(20);
  }
  expect(writtenRows(folder)).toEqual(UNDISTURBED);
  rmSync(folder, { recursive: true });
});
