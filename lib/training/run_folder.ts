// The folder of a run: the model that comes of it, and below `training` what belongs to the run.
import { createHash, randomUUID } from 'node:crypto';
import { copyFile, mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe } from '../describe';
import { BitError } from '../errors';
import { differing } from '../batch/job/settings';
import { FolderStore } from '../batch/store/folder';
import type { Checkpoint } from './checkpoints';
import type { Dataset, Example } from './data/dataset';
import type { EvaluationResult } from './evaluation/evaluation';
import { explainWrites, syncFiles, syncFolder } from './files';
import type { Preparation } from './prepare';
import { RunLock } from './run_lock';
import type { LeftOut } from './sift';

const FOLDER = 'training';
const RUN = `${FOLDER}/run.json`;
const BEST = `${FOLDER}/best.json`;
const LEFT_OUT = `${FOLDER}/left_out.json`;
const LOCK = 'lock';
const WEIGHTS = 'model.safetensors';
/** For files that do not count yet. */
const WORK = `${FOLDER}/tmp`;
/** All that runs make in FOLDER but for the lock; whatever else lies there is somebody's own. */
const OWN =
  /^(?:(?:run|best|left_out)\.json|metrics\.jsonl|report\.html|checkpoints|features|tmp|events\.out\.tfevents\..*)$/;

/** What a run is told by. */
export type RunPlan = Pick<Preparation, 'train' | 'validation' | 'weights'> & { settings: object };

/** What two runs in one folder have to agree on, and all processes of one. */
export type RunFacts = Record<string, unknown>;

/** The model that is in the folder. */
export interface Best {
  /** Steps after which it was like that. */
  step: number;
  /** On the validation; null without one. */
  evaluation: EvaluationResult | null;
}

export class RunFolder {
  private readonly store: FolderStore;
  private lock: RunLock | null = null;

  constructor(readonly place: string) {
    this.store = new FolderStore(place, WORK);
  }

  /** Of logs. */
  get path(): string {
    return join(this.place, FOLDER);
  }

  get checkpoints(): string {
    return join(this.path, 'checkpoints');
  }

  /**
   * Begins a run here, or goes on with the same one; nobody else does until {@link close}.
   * @param restart whether an earlier one is deleted first.
   * @param spared names of files and folders of its that stay even so.
   * @throws BitError ERR_BIT_OUTPUT where another run is there, or at work there, or nothing can be written.
   */
  async open(plan: RunPlan, restart: boolean, spared: readonly string[] = []): Promise<void> {
    if (!restart) await this.expectRunOrNoModel();
    await explainWrites(this.path, () => mkdir(this.path, { recursive: true }));
    this.lock = await RunLock.take(join(this.path, LOCK), this.place);
    try {
      if (restart) await this.clear(spared);
      await this.beginOrGoOn(factsOf(plan));
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Leaves it to others. */
  close(): void {
    this.lock?.release();
    this.lock = null;
  }

  /** Makes a checkpoint the model of the folder. */
  async keep({ folder, step }: Checkpoint, evaluation: EvaluationResult | null): Promise<void> {
    for (const name of ['config.json', 'preprocessor_config.json', WEIGHTS])
      await explainWrites(join(this.place, name), () => this.replaceBy(join(folder, name), name));
    await this.store.replace(BEST, `${JSON.stringify({ step, evaluation })}\n`);
  }

  /** Null before there is one. @throws BitError ERR_BIT_OUTPUT where that is broken. */
  best(): Promise<Best | null> {
    return this.read<Best>(BEST);
  }

  /**
   * Examples whose pictures could not be read when the run began: it goes on without them even where they can be read by
   * now, since the order of all others follows from how many there are. Null before {@link leaveOut}.
   * @throws BitError ERR_BIT_OUTPUT where that is broken.
   */
  leftOut(): Promise<LeftOut[] | null> {
    return this.read<LeftOut[]>(LEFT_OUT);
  }

  leaveOut(examples: readonly LeftOut[]): Promise<void> {
    return this.store.replace(LEFT_OUT, `${JSON.stringify(examples)}\n`);
  }

  private async clear(spared: readonly string[]): Promise<void> {
    for (const name of await this.store.list(FOLDER))
      if (OWN.test(name) && !spared.includes(name)) await this.store.remove(`${FOLDER}/${name}`);
  }

  private async beginOrGoOn(facts: RunFacts): Promise<void> {
    const before = await this.read<RunFacts>(RUN);
    if (before) expectSame(before, facts, this.place);
    await this.store.remove(WORK); // of a run that was killed
    await explainWrites(this.path, () => mkdir(this.checkpoints, { recursive: true }));
    if (!before) await this.store.replace(RUN, `${JSON.stringify(facts, null, 2)}\n`);
  }

  private async read<T>(name: string): Promise<T | null> {
    const text = await this.store.read(name);
    try {
      return text && (JSON.parse(text.toString()) as T);
    } catch (cause) {
      const message = `${join(this.place, name)} is broken: begin anew (restart), which deletes the run`;
      throw new BitError('ERR_BIT_OUTPUT', message, { cause });
    }
  }

  /** At once, and on the disk: whoever loads the model meanwhile gets the one before. */
  private async replaceBy(from: string, name: string): Promise<void> {
    const work = join(this.place, WORK, randomUUID());
    try {
      await mkdir(work, { recursive: true });
      await copyFile(from, join(work, name));
      await syncFiles(work);
      await rename(join(work, name), join(this.place, name));
      await syncFolder(this.place);
    } finally {
      await rm(work, { recursive: true, force: true });
    }
  }

  /** Somebody's own model is not written over. */
  private async expectRunOrNoModel(): Promise<void> {
    if (await this.read(RUN)) return;
    if (!(await this.store.list('')).includes(WEIGHTS)) return;
    throw new BitError(
      'ERR_BIT_OUTPUT',
      `${this.place} has a model (${WEIGHTS}) that no run there has made: choose another output, or ` +
        'begin anew (restart), which takes its place',
    );
  }
}

export function factsOf({ settings, train, validation, weights }: RunPlan): RunFacts {
  return JSON.parse(
    JSON.stringify({
      ...settings,
      problemType: train.problemType,
      labels: train.labels,
      weights,
      examples: digestOf(train),
      validation: validation && digestOf(validation),
    }),
  ) as RunFacts;
}

/** Of names and targets; that files hold something else by now is not noticed. */
function digestOf({ examples }: Dataset): string {
  const hash = createHash('sha256');
  for (const { path, target } of examples as readonly Example[])
    hash.update(`${JSON.stringify([path, target])}\n`);
  return `${examples.length} by SHA-256 ${hash.digest('hex')}`;
}

function expectSame(before: RunFacts, now: RunFacts, place: string): void {
  const changed = differing(before, now);
  if (changed.length === 0) return;
  const changes = changed.map(
    (name) => `${name} was ${describe(before[name])} and is ${describe(now[name])}`,
  );
  throw new BitError(
    'ERR_BIT_OUTPUT',
    `${place} holds a run of other settings: ${changes.join('; ')}. Give it the same ones, another ` +
      'output, or begin anew (restart), which deletes what is there',
  );
}
