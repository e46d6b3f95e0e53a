// Places that a model's files come from, all asked alike: a local folder, a cached one, the hub.

import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** One model's files by name; what is not there yet is brought when asked for. */
export interface FileSource {
  /** Names the place in error messages. */
  readonly label: string;
  /** What to do when a file is missing here. */
  readonly advice: string;
  /** The first of these files that there is: its local path; null when there is none. */
  first(names: readonly string[]): Promise<FoundFile | null>;
  /** Local paths in the order of the names; null for a file that there is not. */
  all(names: readonly string[]): Promise<(string | null)[]>;
}

export interface FoundFile {
  name: string;
  path: string;
}

/** A folder on disk: the user's own, or a snapshot in the hub's cache when there is no hub. */
export class FolderSource implements FileSource {
  constructor(
    readonly dir: string,
    readonly label: string,
    readonly advice: string,
  ) {}

  async first(names: readonly string[]): Promise<FoundFile | null> {
    const name = names.find((candidate) => existsSync(join(this.dir, candidate)));
    return name === undefined ? null : { name, path: join(this.dir, name) };
  }

  async all(names: readonly string[]): Promise<(string | null)[]> {
    const paths = names.map((name) => join(this.dir, name));
    return paths.map((path) => (existsSync(path) ? path : null));
  }
}

/** A folder of another source; names are those within it. */
export class SubfolderSource implements FileSource {
  readonly label: string;
  readonly advice: string;

  constructor(
    private readonly outer: FileSource,
    private readonly folder: string,
  ) {
    this.label = `${outer.label}, ${folder}`;
    this.advice = outer.advice;
  }

  async first(names: readonly string[]): Promise<FoundFile | null> {
    const found = await this.outer.first(this.within(names));
    return found && { ...found, name: found.name.slice(this.folder.length + 1) };
  }

  all(names: readonly string[]): Promise<(string | null)[]> {
    return this.outer.all(this.within(names));
  }

  private within(names: readonly string[]): string[] {
    return names.map((name) => `${this.folder}/${name}`);
  }
}
