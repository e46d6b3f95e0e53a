// Options of finding, fetching and removing libtorch.
import { type Check, anything, boolean, callback, text } from './checks';
import type { OptionChecks } from './options';

/** What is asked of a libtorch besides being of a supported version. */
export interface Needs {
  /** Also `include/` and `share/cmake/`, for building. */
  needHeaders?: boolean;
  /** Only builds for GPUs. */
  cuda?: boolean;
  /** The one `major.minor` that will do, such as `2.13`, or those that will. */
  version?: string | readonly string[];
}

const texts: Check = {
  expected: 'a string or a non-empty array of strings',
  test: (value) => {
    const all = [value].flat();
    return all.length > 0 && all.every((each) => text.test(each));
  },
};

export const NEEDS_CHECKS: OptionChecks<Needs> = {
  needHeaders: boolean,
  cuda: boolean,
  version: texts,
};

/** How far it is; `total` is null where that is not known. */
export interface FetchProgress {
  /** What it is at; 'pip' where the wheel comes through `pip download`. */
  phase: 'download' | 'pip' | 'check' | 'unpack';
  /** Bytes so far. */
  loaded: number;
  /** Bytes in all, where that is known. */
  total: number | null;
}

/** Of {@link fetchLibtorch}. */
export interface FetchOptions {
  /** Called as it goes on. */
  onProgress?: (progress: FetchProgress) => void;
  /** Ends it, which then rejects with its reason; what was downloaded is kept for the next time. */
  signal?: AbortSignal;
  /**
   * The build for NVIDIA GPUs with CUDA's libraries, from PyPI (or the index that `BIGTRANSFER_PYPI_URL` names);
   * default false, the build for the CPU.
   */
  cuda?: boolean;
  /** Another place for the CPU's wheel; default `BIGTRANSFER_LIBTORCH_URL`, else PyTorch's own. */
  url?: string;
  /** Fetch again even though it is there; default false. */
  force?: boolean;
}

/** The signal is checked where it is used. */
export const FETCH_CHECKS: OptionChecks<FetchOptions> = {
  onProgress: callback,
  signal: anything,
  cuda: boolean,
  url: text,
  force: boolean,
};

/** Of {@link removeLibtorch}. */
export interface RemoveOptions {
  /** Ends the waiting for a fetch that is under way. */
  signal?: AbortSignal;
}

export const REMOVE_CHECKS: OptionChecks<RemoveOptions> = { signal: anything };
