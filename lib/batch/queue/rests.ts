// Jobs that failed here of late: their parts are left to others for a while, each time in a row twice as long.

const FIRST_REST_MS = 500;
const MOST_REST_MS = 60_000;

/** What failed here may well be done elsewhere: one bad machine must not use up all tries of a job. */
export class Rests {
  private readonly jobs = new Map<string, { failures: number; until: number }>();

  constructor(private readonly now: () => number = () => performance.now()) {}

  failed(job: string): void {
    const failures = (this.jobs.get(job)?.failures ?? 0) + 1;
    const ms = Math.min(FIRST_REST_MS * 2 ** (failures - 1), MOST_REST_MS);
    this.jobs.set(job, { failures, until: this.now() + ms });
  }

  succeeded(job: string): void {
    this.jobs.delete(job);
  }

  /** Milliseconds until a part of this job is tried again; 0 for now. */
  left(job: string): number {
    return Math.max((this.jobs.get(job)?.until ?? 0) - this.now(), 0);
  }
}
