// What a run can go on from: folders, each a whole model with what the optimiser remembers, there as a whole or not at all.
import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BitError } from '../errors';
import { explainWrites, syncFiles, syncFolder } from './files';

const NAME = /^step-(\d{8})$/;
/** What is not complete yet. */
const UNFINISHED = 'tmp-';
const STATE = 'state.json';

/** What a checkpoint says of the run. */
export interface CheckpointState {
  /** Steps that were taken. */
  step: number;
}

export interface Checkpoint extends CheckpointState {
  folder: string;
}

export class Checkpoints {
  constructor(private readonly folder: string) {}

  /**
   * Writes one, and deletes those before it.
   * @param write puts a model's files into a folder.
   * @throws BitError ERR_BIT_OUTPUT where it cannot be written; the one before is still there then.
   */
  async save(step: number, write: (folder: string) => Promise<void>): Promise<Checkpoint> {
    const unfinished = join(this.folder, `${UNFINISHED}${randomUUID()}`);
    const folder = join(this.folder, nameOf(step));
    await explainWrites(folder, async () => {
      try {
        await mkdir(unfinished, { recursive: true });
        await write(unfinished);
        await writeFile(join(unfinished, STATE), `${JSON.stringify({ step })}\n`);
        await syncFiles(unfinished);
        await rm(folder, { recursive: true, force: true });
        await rename(unfinished, folder);
        await syncFolder(this.folder);
      } finally {
        await rm(unfinished, { recursive: true, force: true });
      }
      await this.removeBut(nameOf(step));
    });
    return { step, folder };
  }

  /**
   * The newest one; null where there is none. What else a killed run has left goes.
   * @throws BitError ERR_BIT_CHECKPOINT for one that is broken; nothing goes then.
   */
  async last(): Promise<Checkpoint | null> {
    const names = (await this.names()).filter((name) => NAME.test(name)).sort();
    const name = names.at(-1);
    const last = name === undefined ? null : await this.read(name);
    await explainWrites(this.folder, () => this.removeBut(name));
    return last;
  }

  private async read(name: string): Promise<Checkpoint> {
    const folder = join(this.folder, name);
    try {
      const { step } = JSON.parse(await readFile(join(folder, STATE), 'utf8')) as CheckpointState;
      if (nameOf(step) !== name) throw new Error(`${STATE} is of step ${step}`);
      return { step, folder };
    } catch (cause) {
      const message = `The checkpoint ${folder} is broken: delete it to go on from the one before, or begin anew (restart)`;
      throw new BitError('ERR_BIT_CHECKPOINT', message, { cause });
    }
  }

  private async removeBut(kept?: string): Promise<void> {
    for (const name of await this.names())
      if (name !== kept && (NAME.test(name) || name.startsWith(UNFINISHED)))
        await rm(join(this.folder, name), { recursive: true, force: true });
  }

  private async names(): Promise<string[]> {
    return readdir(this.folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return [];
      const message = `Cannot read ${this.folder}: ${error.message}`;
      throw new BitError('ERR_BIT_OUTPUT', message, { cause: error });
    });
  }
}

const nameOf = (step: number) => `step-${String(step).padStart(8, '0')}`;
