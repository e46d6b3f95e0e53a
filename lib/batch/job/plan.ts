// What a job is to do, written down before it begins: its inputs in a file, a line each, cut into parts.
import { createHash } from 'node:crypto';
import { BitError } from '../../errors';
import type { Listed } from '../inputs/listed';
import type { Store } from '../store/store';

export interface Plan {
  /** Its name in the store; null where nothing was written. */
  file: string | null;
  /** SHA-256 of the file, in hexadecimal. */
  digest: string;
  /** Lines: pictures, shards, and what cannot be used. */
  inputs: number;
  /** Of these, shards: how many pictures they hold is not known. */
  shards: number;
  /** Where the lines of each part are: [first byte, end). */
  parts: [number, number][];
}

/**
 * Parts of `partSize` inputs, in order; a shard is a part of its own.
 * @param file where it is written; null to know its digest alone.
 */
export async function writePlan(
  listing: AsyncIterable<Listed>,
  partSize: number,
  store: Store,
  file: string | null,
): Promise<Plan> {
  const target = file === null ? null : await store.create(file);
  const hash = createHash('sha256');
  const plan: Plan = { file, digest: '', inputs: 0, shards: 0, parts: [] };
  let at = 0;
  let begin = 0;
  let inPart = 0;
  const endPart = () => {
    if (inPart > 0) plan.parts.push([begin, at]);
    begin = at;
    inPart = 0;
  };
  try {
    for await (const listed of listing) {
      if (listed.shard) endPart();
      const line = Buffer.from(`${JSON.stringify(listed)}\n`);
      await target?.write(line);
      hash.update(line);
      at += line.length;
      inPart++;
      plan.inputs++;
      if (listed.shard) plan.shards++;
      if (listed.shard || inPart === partSize) endPart();
    }
    endPart();
    await target?.close();
  } finally {
    await target?.discard();
  }
  return { ...plan, digest: hash.digest('hex') };
}

/**
 * The inputs of one part.
 * @throws BitError ERR_BIT_OUTPUT where the plan is gone.
 */
export async function readPart(store: Store, plan: Plan, part: number): Promise<Listed[]> {
  const [start, end] = plan.parts[part] as [number, number];
  const bytes = await store.read(plan.file as string, start, end);
  if (bytes?.length === end - start)
    return bytes
      .toString()
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Listed);
  throw new BitError(
    'ERR_BIT_OUTPUT',
    `The list of inputs in ${store.place} (${plan.file}) is gone or cut short: start the job anew (restart)`,
  );
}
