// Parts of one job through one engine, for as long as there are some: the model does not wait between them.
import type { DonePart } from '../job/done';
import { runParts, type PartWork } from '../job/run_parts';

/** How long more parts may take to come. Pictures that a batch lacks wait for that long. */
const IDLE_MS = 250;

interface Awaited {
  result: Promise<DonePart | null>;
  resolve: (record: DonePart | null) => void;
  reject: (error: unknown) => void;
}

export class Lane {
  /** Whether parts can be added still. */
  isOpen = true;
  /** Resolves when all of its parts are done, or one has failed; whether they are done. */
  readonly ended: Promise<boolean>;
  /** Rows of parts that are not done. */
  underWay = 0;
  private readonly waiting: number[] = [];
  private readonly taken = new Map<number, Awaited>();
  private wake: (() => void) | null = null;

  /** @param onRow is told of each row: the code of its error, if it has one. */
  constructor(work: Omit<PartWork, 'onPart'>, onRow: (code: string | undefined) => void) {
    this.ended = this.run(work, onRow);
  }

  /**
   * Does a part after those that were added before; one that is added twice is done once.
   * @returns what was written; null where somebody else was quicker.
   * @throws what ends the lane, which need not be about this part.
   */
  add(part: number): Promise<DonePart | null> {
    const before = this.taken.get(part);
    if (before) return before.result;
    const awaited = {} as Awaited;
    awaited.result = new Promise((resolve, reject) => Object.assign(awaited, { resolve, reject }));
    this.taken.set(part, awaited);
    this.waiting.push(part);
    this.wake?.();
    return awaited.result;
  }

  private async run(
    work: Omit<PartWork, 'onPart'>,
    onRow: (code: string | undefined) => void,
  ): Promise<boolean> {
    const onPart = (part: number, record: DonePart | null) => this.settle(part, record);
    try {
      for await (const { error } of runParts(this.parts(), { ...work, onPart })) {
        this.underWay++;
        onRow(error?.code);
      }
      return true;
    } catch (error) {
      for (const { reject } of this.taken.values()) reject(error);
      return false;
    } finally {
      this.isOpen = false;
      this.underWay = 0;
    }
  }

  private settle(part: number, record: DonePart | null): void {
    this.underWay -= record?.rows ?? 0;
    this.taken.get(part)?.resolve(record);
    this.taken.delete(part);
  }

  private async *parts(): AsyncGenerator<number, void, undefined> {
    for (;;) {
      if (this.waiting.length === 0) await this.more();
      const part = this.waiting.shift();
      if (part === undefined) break;
      yield part;
    }
    this.isOpen = false;
  }

  private async more(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.wake = resolve;
      timer = setTimeout(resolve, IDLE_MS);
    });
    clearTimeout(timer);
    this.wake = null;
  }
}
