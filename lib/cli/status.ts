// `bigtransfer status`: how far batch jobs are, and who is at work on them.

import type { Command } from 'commander';
import { batchStatus, type BatchJobStatus, type BatchStatus, type BatchWorker } from '../index';
import type { Context } from './context';
import { redisUrl } from './options';
import { duration, print, printJson, table } from './report';

interface Flags {
  queue?: string;
  json?: boolean;
}

/** Parts whose failures are told; --json has all of them. */
const MOST_FAILURES = 10;

export function addStatus(program: Command, context: Context): void {
  const command = program.command('status');
  command
    .description('Show how far batch jobs are: progress, rate, time left, errors, workers')
    .argument('[output]', 'the folder or s3:// place of one job (default: all on the queue)')
    .option('--queue <url>', 'where Redis is: redis://host:port', redisUrl)
    .option('--json', 'print one JSON document')
    .action(async (output: string | undefined, { queue, json }: Flags) => {
      if (output === undefined && queue === undefined)
        command.error('error: there is nothing to show: give the output of a job, or --queue');
      const status = await batchStatus({ output, queue, signal: context.signal });
      await (json ? printJson(status) : print(describe(status, queue !== undefined)));
    });
}

function describe({ jobs, unseen, workers }: BatchStatus, isQueue: boolean): string {
  const blocks = jobs.map(jobInWords);
  for (const { output, reason } of unseen) blocks.push(`${output}\n  unknown: ${reason}`);
  if (blocks.length === 0) blocks.push('There is no job on the queue that is not done.');
  if (isQueue) blocks.push(workersInWords(workers));
  return blocks.join('\n\n');
}

function jobInWords({ output, task, model, parts, progress, failures }: BatchJobStatus): string {
  const { done, total, errors, rate, secondsLeft } = progress;
  const isDone = parts.done === parts.total;
  const share = total === null || total === 0 ? '' : ` (${percent(done, total)})`;
  const of = total === null ? '' : ` of ${total.toLocaleString('en')}`;
  const speed = isDone
    ? 'done'
    : rate === 0
      ? 'nobody is at work'
      : `${rate.toFixed(rate < 10 ? 1 : 0)} a second` +
        (secondsLeft === null ? '' : `, ${duration(secondsLeft)} left`);
  const codes = Object.entries(errors).map(([code, count]) => `${code} ${count}`);
  const given = failures.slice(0, MOST_FAILURES).map((each) => {
    const tries = `${each.attempts} ${each.attempts === 1 ? 'try' : 'tries'}`;
    return `  part ${each.part} was given up after ${tries}: ${each.reason}`;
  });
  const more = failures.length - given.length;
  return [
    `${output}: ${task} with ${model}`,
    `  rows    ${done.toLocaleString('en')}${of}${share}, ${speed}`,
    `  parts   ${parts.done} of ${parts.total}`,
    `  errors  ${codes.length === 0 ? 'none' : codes.join(', ')}`,
    ...given,
    ...(more > 0 ? [`  and ${more} more parts that were given up`] : []),
  ].join('\n');
}

/** Never 100 before the end. */
const percent = (done: number, total: number) => `${Math.floor((100 * done) / total)} %`;

function workersInWords(workers: readonly BatchWorker[]): string {
  if (workers.length === 0) return 'No workers.';
  const rows = workers.map(({ name, device, rows, rate, parts }) => [
    name,
    device ?? '-',
    rows.toLocaleString('en'),
    rate.toFixed(rate < 10 ? 1 : 0),
    parts.map(({ part }) => part).join(' ') || '-',
  ]);
  const names = ['worker', 'device', 'rows', 'a second', 'parts in work'];
  const problems = workers.flatMap(problemInWords);
  return [table([names, ...rows], [2, 3]), ...problems].join('\n');
}

/** What failed on a worker at last. */
export function problemInWords({ name, problem }: BatchWorker): string[] {
  if (problem === null) return [];
  return [`${name}: part ${problem.part} of ${problem.output} failed: ${problem.message}`];
}
