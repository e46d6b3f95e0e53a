// How long a run is, and how fast it learns at each step.
import { learningRateAt } from './hyper_rule';

export interface ScheduleOptions {
  /** By the preset. */
  schedule: readonly number[];
  /** All steps that are wanted; null: as many as the schedule has. */
  steps: number | null;
  learningRate: number;
}

export class Schedule {
  /** Ends of the warm-up, of each rate, and of the training. */
  readonly supports: number[];

  constructor(private readonly options: ScheduleOptions) {
    const { schedule, steps } = options;
    const last = schedule.at(-1) as number;
    this.supports =
      steps === null ? [...schedule] : schedule.map((step) => Math.round((step * steps) / last));
  }

  /** Of the whole run. */
  get steps(): number {
    return this.supports.at(-1) as number;
  }

  rateAt(step: number): number {
    return learningRateAt(step, this.supports, this.options.learningRate);
  }
}
