// What a finished job says of itself, beside its files.
import { systemInfo } from '../../system_info';
import { version } from '../../version';
import type { Store } from '../store/store';
import { MANIFEST, readDone, removeRests, type DonePart, type Job } from './journal';

/**
 * Of a finished job: `_manifest.json`.
 * @category Batch jobs
 */
export interface Manifest {
  /** What the files are of. */
  task: string;
  format: string;
  /** The model: as it was asked for, its commit on the hub, and SHA-256 of its files. */
  model: { source: string; revision: string | null; files: Record<string, string> };
  /** Options that rows depend on, as they were given. */
  options: Record<string, unknown>;
  versions: { bigtransfer: string; libtorch: string | null; node: string };
  /** Rows, and those of them with an error, by its code. */
  rows: number;
  errors: Record<string, number>;
  /** Inputs as they were listed: a shard counts once. */
  inputs: number;
  partSize: number;
  /** Files in the order of the inputs; bytes, and SHA-256 in hexadecimal. */
  files: { name: string; part: number; rows: number; bytes: number; sha256: string }[];
  /** ISO 8601. */
  started: string;
  finished: string;
}

/** Writes the manifest once all parts are done, and removes what nobody needs any more. */
export async function finishJob(store: Store, job: Job): Promise<Manifest | null> {
  const done = await readDone(store);
  if (done.size < job.plan.parts.length) return null;
  const parts = [...done.values()].sort((a, b) => a.part - b.part);
  const manifest = manifestOf(job, parts);
  await store.replace(MANIFEST, `${JSON.stringify(manifest, null, 2)}\n`);
  await removeRests(store, job);
  return manifest;
}

function manifestOf({ settings, plan, created }: Job, parts: DonePart[]): Manifest {
  const { task, format, model, options, partSize } = settings;
  const finished = parts.map((part) => part.finished).sort();
  return {
    task,
    format,
    model,
    options,
    versions: {
      bigtransfer: version,
      libtorch: systemInfo().libtorch?.version ?? null,
      node: process.versions.node,
    },
    rows: parts.reduce((sum, { rows }) => sum + rows, 0),
    errors: sumOf(parts.map(({ errors }) => errors)),
    inputs: plan.inputs,
    partSize,
    files: parts.flatMap(({ part, rows, files }) =>
      files.map(({ name, bytes, sha256 }) => ({ name, part, rows, bytes, sha256 })),
    ),
    started: created,
    finished: finished.at(-1) ?? new Date().toISOString(),
  };
}

/** Counts by their names, added up. */
export function sumOf(counts: Record<string, number>[]): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const [name, count] of counts.flatMap((each) => Object.entries(each)))
    sums[name] = (sums[name] ?? 0) + count;
  return sums;
}
