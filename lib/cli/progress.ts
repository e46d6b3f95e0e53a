// Progress bars on standard error: on a terminal only, and out of the way of other lines.

import { Format, type Options, SingleBar } from 'cli-progress';
import type { PretrainedOptions } from '../index';
import { harmless } from './report';

/** What a bar shows beside its numbers. */
interface Payload {
  label: string;
  done: string;
}

/** Of a bar whose end nobody knows yet. */
const UNKNOWN = 0;

/** Of a note. */
const MOST_LETTERS = 1000;

const LOOK: Options = {
  format: (options, { progress, total }, { label, done }: Payload) => {
    if (total === UNKNOWN) return `${label}  ${done}`;
    const bar = Format.BarFormat(progress, options);
    return `${label} ${bar} ${Math.floor(progress * 100)}%  ${done}`;
  },
  barsize: 30,
  barCompleteChar: '#',
  barIncompleteChar: '.',
  clearOnComplete: true,
  hideCursor: null, // Ctrl-C must not leave it hidden
};

/** A bar where there is a terminal, nothing where there is none. */
export class Progress {
  private bar: SingleBar | null = null;

  constructor(private readonly enabled = process.stderr.isTTY) {}

  /** Draws `loaded` of `total`, null where that is not known yet; `done` is the same in words. */
  update(label: string, loaded: number, whole: number | null, done: string): void {
    if (!this.enabled) return;
    const total = whole ?? UNKNOWN;
    if (this.bar === null) {
      this.bar = new SingleBar(LOOK);
      this.bar.start(total, loaded, { label, done });
    } else {
      this.bar.setTotal(total);
      this.bar.update(loaded, { label, done });
    }
  }

  /** A line on standard error, in place of the bar until that is drawn again; a very long one is cut. */
  note(line: string): void {
    this.stop();
    const shown = line.length > MOST_LETTERS ? `${line.slice(0, MOST_LETTERS)}...` : line;
    process.stderr.write(`${harmless(shown).replaceAll('\n', '\\u000a')}\n`);
  }

  stop(): void {
    this.bar?.stop();
    this.bar = null;
  }
}

/** Draws the files of a model as they arrive. */
export function downloadBar(): PretrainedOptions['onProgress'] {
  const progress = new Progress();
  return ({ file, loaded, total }) => {
    progress.update(file, loaded, total, `${bytes(loaded)} of ${bytes(total)}`);
    if (loaded >= total) progress.stop();
  };
}

const UNITS = ['B', 'KB', 'MB', 'GB'];

/** A size as people read it: `1.4 MB`. */
export function bytes(count: number): string {
  const power = count < 1 ? 0 : Math.min(Math.floor(Math.log10(count) / 3), UNITS.length - 1);
  const value = count / 1000 ** power;
  return `${power === 0 ? value : value.toFixed(value < 10 ? 1 : 0)} ${UNITS[power]}`;
}
