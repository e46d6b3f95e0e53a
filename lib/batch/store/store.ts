// Where the files of a job are: a folder, or a bucket of an object store.

/** A folder for files that do not count yet: whatever a killed process leaves there nobody sees. */
export const WORK = '.job/tmp';

/** A file that is being written; nobody sees it under a name that counts before it is moved there. */
export interface StoreFile {
  write(bytes: Uint8Array | string): Promise<void>;
  /** Resolves when all of it would survive a loss of power. */
  close(): Promise<FileFacts>;
  /** Lets go of what was written; does nothing after close(). */
  discard(): Promise<void>;
}

export interface FileFacts {
  bytes: number;
  /** In hexadecimal. */
  sha256: string;
}

/**
 * Files by names with '/' between folders, below one place. Everything that it throws is a BitError
 * ERR_BIT_OUTPUT that names the file.
 */
export interface Store {
  /** The place, as users write it. */
  readonly place: string;
  /** What a file holds, from byte `start` up to `end`; null where there is none. */
  read(name: string, start?: number, end?: number): Promise<Buffer | null>;
  /** Names of the files in a folder, in no order; none where there is no such folder. */
  list(folder: string): Promise<string[]>;
  /** Bytes of each of these files, by its name. */
  sizes(folder: string): Promise<Map<string, number>>;
  /** Begins a file, in place of what is there. */
  create(name: string): Promise<StoreFile>;
  /** Whether the file was written: of several that try, one does; it is there as a whole or not at all. */
  writeOnce(name: string, text: string): Promise<boolean>;
  /** Writes it in place of what is there, as a whole or not at all. */
  replace(name: string, text: string): Promise<void>;
  /** Whether `to` is there now: where `from` is gone, somebody may have been quicker. */
  move(from: string, to: string): Promise<boolean>;
  /** A file, or a folder with all that is in it; fine where there is none. */
  remove(name: string): Promise<void>;
}
