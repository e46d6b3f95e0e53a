// What is found wrong with the pictures of a run while it goes on: each is told once.
import type { DatasetProblem } from './data/dataset';

export class Problems {
  private readonly paths = new Set<string>();
  private untold: DatasetProblem[];
  /** All of them, in the order in which they turned up. */
  readonly all: DatasetProblem[];

  /** @param known from the start on, several of one path too. */
  constructor(known: readonly DatasetProblem[] = []) {
    this.all = [...known];
    this.untold = [...known];
    for (const { path } of known) this.paths.add(path);
  }

  /** Unless there is one of this path. */
  add({ path, message }: DatasetProblem): void {
    if (this.paths.has(path)) return;
    this.paths.add(path);
    this.all.push({ path, message });
    this.untold.push({ path, message });
  }

  /** Those that turned up since the last time. */
  take(): DatasetProblem[] {
    const { untold } = this;
    this.untold = [];
    return untold;
  }
}
