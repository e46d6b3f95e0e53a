// One model's folder in the hub's cache, laid out as Python's huggingface_hub lays it out.

import { existsSync, readFileSync } from 'node:fs';
import { copyFile, link, mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import type { PretrainedOptions } from '../config/pretrained_options';
import { hubCacheDir } from './environment';

const COMMIT = /^[0-9a-f]{40}$/;

/** `blobs/<hash>` holds contents, `snapshots/<commit>/` links to them, `refs/<revision>` commits. */
export class HubCache {
  readonly dir: string;

  constructor(id: string, options: PretrainedOptions) {
    this.dir = join(hubCacheDir(options), `models--${id.replace('/', '--')}`);
  }

  snapshot(commit: string): string {
    return join(this.dir, 'snapshots', commit);
  }

  blob(hash: string): string {
    return join(this.dir, 'blobs', hash);
  }

  /** The commit of a revision as it was when last asked; null when it never was. */
  commitOf(revision: string): string | null {
    if (COMMIT.test(revision)) return existsSync(this.snapshot(revision)) ? revision : null;
    try {
      const commit = readFileSync(join(this.dir, 'refs', revision), 'utf8').trim();
      return COMMIT.test(commit) ? commit : null;
    } catch {
      return null;
    }
  }

  async remember(revision: string, commit: string): Promise<void> {
    if (revision === commit || this.commitOf(revision) === commit) return;
    const path = join(this.dir, 'refs', revision);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, commit);
  }

  /** Makes a blob appear in a snapshot: a relative link, or what the file system has instead. */
  async place(hash: string, commit: string, name: string): Promise<string> {
    const [blob, path] = [this.blob(hash), join(this.snapshot(commit), name)];
    if (existsSync(path)) return path;
    await mkdir(dirname(path), { recursive: true });
    await rm(path, { force: true }); // a link whose blob was deleted
    const ways = [
      () => symlink(relative(dirname(path), blob), path),
      () => link(blob, path), // Windows without developer mode
      () => copyFile(blob, path),
    ];
    for (const way of ways) {
      await way().catch(() => undefined);
      if (existsSync(path)) return path; // ours, or that of another process
    }
    throw new Error(`${path} could not be written`);
  }
}
