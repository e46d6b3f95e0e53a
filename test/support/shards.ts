// The shards of test/reference/batch, and what comes out of shards in tests.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Picture } from '../../lib/batch/inputs/picture';
import { BitError } from '../../lib/errors';
import { REFERENCE } from './reference';

export const BATCH = join(REFERENCE, 'batch');

export const expectedShards = JSON.parse(
  readFileSync(join(BATCH, 'expected.json'), 'utf8'),
) as Record<string, unknown>;

/** A picture as tests compare it: its path, and its hash, its path again or what is wrong. */
export type Told = { path: string; sha256: string } | { path: string; text: string };

export async function toldOf(pictures: AsyncIterable<Picture>): Promise<Told[]> {
  const told: Told[] = [];
  for await (const { path, image } of pictures) {
    if (image instanceof Uint8Array) told.push({ path, sha256: sha256(image) });
    else told.push({ path, text: image instanceof BitError ? image.message : String(image) });
  }
  return told;
}

export const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
