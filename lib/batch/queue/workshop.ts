// Where a worker does parts: one engine at a time, kept while the parts that come agree on it.
import { hostname } from 'node:os';
import { isDeepStrictEqual } from 'node:util';
import { isObject } from '../../config/checks';
import { BitError } from '../../errors';
import { BitConfig } from '../../models/bit_config';
import { openEngine, type Engine } from '../engine';
import { finishJob } from '../job/manifest';
import { countMarked, isDone, type DonePart } from '../job/done';
import { readJob, type Job } from '../job/journal';
import { modelFacts } from '../job/model_facts';
import type { EngineOptions } from '../options';
import { openStore } from '../store/open';
import type { Store } from '../store/store';
import { fenced } from '../job/fence';
import { Lane } from './lane';
import type { PartTicket } from './part_queue';

/** How this machine runs models, and where it finds them. */
export type Equipment = Pick<
  EngineOptions,
  'device' | 'threads' | 'cacheDir' | 'token' | 'localFilesOnly' | 'onProgress'
>;

interface Bench {
  /** What the engine was made of. */
  key: unknown;
  engine: Engine;
  /** By the ids of their jobs. */
  lanes: Map<string, Lane>;
  /** Whether parts have failed on it: the next one gets another engine. */
  isSpent: boolean;
}

export class Workshop {
  private bench: Bench | null = null;
  /** One after the other: an engine is not changed while another part looks for it. */
  private turn: Promise<unknown> = Promise.resolve();
  private readonly finishing = new Set<Promise<unknown>>();

  /** @param signal ends all work. */
  constructor(
    private readonly equipment: Equipment,
    private readonly signal: AbortSignal,
    private readonly onRow: (code: string | undefined) => void,
  ) {}

  get device(): string | null {
    return this.bench?.engine.device ?? null;
  }

  /** Rows of parts that are not done, by the ids of their jobs. */
  get underWay(): Record<string, number> {
    const lanes = [...(this.bench?.lanes ?? [])].map(
      ([job, lane]) => [job, lane.underWay] as const,
    );
    return Object.fromEntries(lanes.filter(([, rows]) => rows > 0));
  }

  /**
   * Does a part, unless it is done.
   * @returns what was written; null where somebody else was quicker, or the job is there no more.
   * @throws BitError ERR_BIT_OUTPUT where the output cannot be seen or written from here,
   *   ERR_BIT_CHECKPOINT where the model is another one here, and what loading and running it rejects
   *   with; the signal's reason.
   */
  async run(ticket: PartTicket): Promise<DonePart | null> {
    this.signal.throwIfAborted();
    const store = openStore(ticket.output);
    const job = await readJob(store);
    if (job === null) throw unseen(ticket.output);
    if (job.id !== ticket.job) return null; // started anew
    if (await isDone(store, job, ticket.part)) {
      await finishWhole(store, job);
      return null;
    }
    return await this.queued(ticket, job, store);
  }

  async close(): Promise<void> {
    await this.turn.catch(() => undefined);
    await this.clear();
    await Promise.allSettled(this.finishing);
  }

  private async queued(ticket: PartTicket, job: Job, store: Store): Promise<DonePart | null> {
    // In a box: else the turn would last until the part is done.
    const added = this.turn.then(async () => {
      const bench = await this.benchFor(ticket, job);
      const lane = this.laneOn(bench, ticket, job, store);
      return { result: lane.add(ticket.part) };
    });
    this.turn = added.catch(() => undefined);
    return (await added).result;
  }

  private async benchFor(ticket: PartTicket, job: Job): Promise<Bench> {
    this.signal.throwIfAborted();
    const { task, model, options } = job.settings;
    const key = [task, ticket.model, model.files, options, ticket.running];
    const { bench } = this;
    if (bench && !bench.isSpent && isDeepStrictEqual(bench.key, key)) return bench;
    await this.clear();
    const revision = model.revision === null ? {} : { revision: model.revision };
    const given = { ...revived(options), ...ticket.running, ...this.equipment, ...revision };
    await expectModel(ticket.model, given, job, this.signal);
    const engine = await openEngine(task, ticket.model, given, this.signal);
    return (this.bench = { key, engine, lanes: new Map(), isSpent: false });
  }

  private laneOn(bench: Bench, ticket: PartTicket, job: Job, store: Store): Lane {
    const { engine, lanes } = bench;
    const before = lanes.get(job.id);
    if (before?.isOpen) return before;
    const { column, retries, base } = ticket;
    const { signal } = this;
    const work = { store: fenced(store, job.id), job, engine, column, retries, base, signal };
    const lane = new Lane(work, this.onRow);
    lanes.set(job.id, lane);
    void lane.ended.then((isDone) => (bench.isSpent ||= !isDone));
    const finished = Promise.all([before?.ended, lane.ended])
      .then(() => finishWhole(store, job))
      .finally(() => this.finishing.delete(finished));
    this.finishing.add(finished);
    return lane;
  }

  /** Once all that is on it is done. */
  private async clear(): Promise<void> {
    const { bench } = this;
    if (!bench) return;
    await Promise.all([...bench.lanes.values()].map(({ ended }) => ended));
    this.bench = null;
    await bench.engine.dispose();
  }
}

/** As they were given: the job has them as JSON. */
function revived(options: Record<string, unknown>): EngineOptions {
  const { config } = options;
  return { ...options, ...(isObject(config) && { config: BitConfig.fromJSON(config) }) };
}

/** The last one to do a part finishes the job; nobody may be watching it. */
async function finishWhole(store: Store, job: Job): Promise<void> {
  try {
    if ((await countMarked(store, job)) < job.plan.parts.length) return;
    if ((await readJob(store))?.id === job.id) await finishJob(store, job);
  } catch {
    // The part itself is done. Whoever watches the job finishes it, or says why that fails.
  }
}

/** @throws BitError ERR_BIT_CHECKPOINT that names the file that differs. */
async function expectModel(
  source: string,
  options: EngineOptions,
  { settings }: Job,
  signal: AbortSignal,
): Promise<void> {
  const { revision, subfolder, cacheDir, token, localFilesOnly } = options;
  const ofSource = { revision, subfolder, cacheDir, token, localFilesOnly, signal };
  const { files } = await modelFacts(source, ofSource);
  const wanted = settings.model.files;
  const names = [...new Set([...Object.keys(wanted), ...Object.keys(files)])];
  const other = names.filter((name) => files[name] !== wanted[name]);
  if (other.length === 0) return;
  throw new BitError(
    'ERR_BIT_CHECKPOINT',
    `${source} on ${hostname()} is another model than the job's: ${other.join(', ')} ` +
      `${other.length === 1 ? 'differs' : 'differ'} by SHA-256. Give all workers the same files`,
  );
}

function unseen(output: string): BitError {
  return new BitError(
    'ERR_BIT_OUTPUT',
    `There is no job in ${output}, as ${hostname()} sees it: workers need the output under the same path ` +
      'as the one who gave them the job, or at s3://',
  );
}
