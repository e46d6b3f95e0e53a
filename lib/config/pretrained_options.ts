// Options of everything that is loaded by a source: a path or a hub id.
import { anything, boolean, callback, text } from './checks';
import type { OptionChecks } from './options';

/**
 * How far the download of one file is.
 * @category Models
 */
export interface DownloadProgress {
  /** Its name in the repository. */
  file: string;
  /** Bytes so far. */
  loaded: number;
  /** Bytes in all. */
  total: number;
}

/**
 * Options of `fromPretrained`; those left out come from the environment, as in Python.
 * @category Models
 */
export interface PretrainedOptions {
  /** Branch, tag or commit of a hub model; default `main`. */
  revision?: string;
  /** A folder of the source that has the files; default its root. */
  subfolder?: string;
  /** Default `HF_HUB_CACHE`, else `HF_HOME/hub`, else `~/.cache/huggingface/hub`. */
  cacheDir?: string;
  /** Default `HF_TOKEN`, else the token that `hf auth login` saved. */
  token?: string;
  /** Use what is in the cache and ask nobody; also by `HF_HUB_OFFLINE=1`. */
  localFilesOnly?: boolean;
  /** Called as files arrive; not for those that are in the cache. */
  onProgress?: (progress: DownloadProgress) => void;
  /** Ends the loading, which then rejects with its reason. */
  signal?: AbortSignal;
}

/** For what takes a source; its signal and revision are checked where they are used. */
export const PRETRAINED_CHECKS: OptionChecks<PretrainedOptions> = {
  revision: anything,
  subfolder: anything,
  cacheDir: text,
  token: text,
  localFilesOnly: boolean,
  onProgress: callback,
  signal: anything,
};
