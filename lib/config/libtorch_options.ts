// Options of finding, fetching and removing libtorch.
import { anything, boolean, callback, text } from './checks';
import type { OptionChecks } from './options';

/** What is asked of a libtorch besides being of a supported version. */
export interface Needs {
  /** Also `include/` and `share/cmake/`, for building. */
  needHeaders?: boolean;
  /** The one `major.minor` that will do, such as `2.13`. */
  version?: string;
}

export const NEEDS_CHECKS: OptionChecks<Needs> = { needHeaders: boolean, version: text };

/** How far it is; `total` is null where that is not known. */
export interface FetchProgress {
  phase: 'download' | 'pip' | 'check' | 'unpack';
  loaded: number;
  total: number | null;
}

export interface FetchOptions {
  onProgress?: (progress: FetchProgress) => void;
  signal?: AbortSignal;
  /** Another place for the wheel; default `BIGTRANSFER_LIBTORCH_URL`, else PyTorch's own. */
  url?: string;
  /** Fetch again even though it is there. */
  force?: boolean;
}

/** The signal is checked where it is used. */
export const FETCH_CHECKS: OptionChecks<FetchOptions> = {
  onProgress: callback,
  signal: anything,
  url: text,
  force: boolean,
};

export interface RemoveOptions {
  signal?: AbortSignal;
}

export const REMOVE_CHECKS: OptionChecks<RemoveOptions> = { signal: anything };
