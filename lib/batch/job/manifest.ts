// What a finished job says of itself, beside its files.
import { systemInfo } from '../../system_info';
import { version } from '../../version';
import type { Store } from '../store/store';
import { readDoneParts, type DonePart } from './done';
import { removeRests, type Job } from './journal';
import { MANIFEST } from './own_files';

/**
 * Of a finished job: `_manifest.json`.
 * @category Batch jobs
 */
export interface Manifest {
  /** What the files are of. */
  task: string;
  /** How they are written. */
  format: string;
  /** What made them. */
  model: {
    /** As it was asked for. */
    source: string;
    /** The commit of a model of the hub; null for local files. */
    revision: string | null;
    /** SHA-256 of each of its files, in hexadecimal, by its name. */
    files: Record<string, string>;
  };
  /** Options that rows depend on, as they were given. */
  options: Record<string, unknown>;
  /** Of what ran last. */
  versions: {
    /** This package's. */
    bigtransfer: string;
    /** Null where none was loaded. */
    libtorch: string | null;
    /** Node's. */
    node: string;
  };
  /** All of them, with results and with errors. */
  rows: number;
  /** Rows with an error, by its code. */
  errors: Record<string, number>;
  /** Inputs as they were listed: a shard counts once. */
  inputs: number;
  /** Inputs of a file at most. */
  partSize: number;
  /** In the order of the inputs. */
  files: {
    /** In the output. */
    name: string;
    /** Its number, from 0. */
    part: number;
    /** Rows of the part. */
    rows: number;
    /** Its size. */
    bytes: number;
    /** In hexadecimal. */
    sha256: string;
  }[];
  /** When the job began, as ISO 8601. */
  started: string;
  /** When its last part was done, as ISO 8601. */
  finished: string;
}

/**
 * Writes the manifest once all parts are done, and removes what nobody needs any more.
 * @param done the parts that are done, where they were read just now.
 */
export async function finishJob(
  store: Store,
  job: Job,
  done?: DonePart[],
): Promise<Manifest | null> {
  const parts = done ?? (await readDoneParts(store, job));
  if (parts.length < job.plan.parts.length) return null;
  const manifest = manifestOf(job, parts);
  await store.replace(MANIFEST, `${JSON.stringify(manifest, null, 2)}\n`);
  await removeRests(store, job, new Set(manifest.files.map(({ name }) => name)));
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
