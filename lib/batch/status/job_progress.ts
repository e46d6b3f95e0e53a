// How far a job is, by what lies under its output and by what workers say of themselves.
import type { DonePart } from '../job/done';
import type { Job } from '../job/journal';
import { sumOf } from '../job/manifest';
import { rowsIn } from '../job/open';
import type { BatchProgress } from '../progress';
import type { BatchWorker } from '../queue/registry';

/** What is taken as 'of late', in milliseconds; longer where parts take longer. */
const WINDOW_MS = 5 * 60_000;
/** Without a part that ends for so long, or for so many times as long as parts take, nobody is at work. */
const SILENCE_MS = 15_000;
const SILENCE = 3;
/** Parts that end within the window, at least, while somebody is at work. */
const PARTS_IN_WINDOW = 3;

/**
 * @param workers those of the queue; null without one: then the rate is that of the parts that were done of late.
 * @param now milliseconds since 1970.
 */
export function progressOf(
  job: Job,
  done: ReadonlyMap<number, DonePart>,
  workers: readonly BatchWorker[] | null,
  now = Date.now(),
): BatchProgress {
  const records = [...done.values()];
  const isDone = records.length === job.plan.parts.length;
  const finished = records.reduce((sum, { rows }) => sum + rows, 0);
  const total = isDone ? finished : rowsIn(job, [...job.plan.parts.keys()]);
  const rows = finished + (isDone ? 0 : underWay(job, workers ?? []));
  // Two workers may be at the same part, of which one will count.
  const doneRows = total === null ? rows : Math.min(rows, total);
  const late = () => rateOfLate(records, now);
  const rate = isDone ? 0 : workers === null ? late() : rateOf(job, workers, late);
  return {
    done: doneRows,
    total,
    errors: sumOf(records.map(({ errors }) => errors)),
    rate,
    secondsLeft: isDone ? 0 : total === null || rate === 0 ? null : (total - doneRows) / rate,
  };
}

function underWay({ id }: Job, workers: readonly BatchWorker[]): number {
  return workers.reduce((sum, { underWay: rows }) => sum + (rows[id] ?? 0), 0);
}

/** A worker that has this job's rows under way has hardly any of another one's. */
function rateOf({ id }: Job, workers: readonly BatchWorker[], late: () => number): number {
  const own = workers.filter((worker) => (worker.underWay[id] ?? 0) > 0);
  if (own.length === 0) return 0;
  // They have only just begun where they know no rate yet.
  return own.reduce((sum, { rate }) => sum + rate, 0) || late();
}

/** Rows a second of the parts that ended within the window. */
function rateOfLate(records: readonly DonePart[], now: number): number {
  const longest = Math.max(0, ...records.map(({ seconds }) => seconds * 1000));
  const since = now - Math.max(WINDOW_MS, PARTS_IN_WINDOW * longest);
  const late = records.filter(({ finished }) => Date.parse(finished) > since);
  if (
    !late.some(
      ({ finished }) => now - Date.parse(finished) < Math.max(SILENCE_MS, SILENCE * longest),
    )
  )
    return 0;
  const begun = Math.min(
    ...late.map(({ finished, seconds }) => Date.parse(finished) - 1000 * seconds),
  );
  const rows = late.reduce((sum, each) => sum + each.rows, 0);
  const ended = Math.max(...late.map(({ finished }) => Date.parse(finished)));
  return (1000 * rows) / Math.max(ended - begun, 1);
}
