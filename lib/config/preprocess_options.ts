// Options of an image processor's calls, beside its own fields.
import { anything, boolean, callPriority, positive } from './checks';
import { PROCESSOR_FIELDS, type BitImageProcessorFields } from './image_processor';
import type { Device } from './model_options';
import type { OptionChecks } from './options';

/**
 * Of {@link BitImageProcessor.preprocess}: where it runs, and fields of the processor for this call alone.
 * @category Images
 */
export interface PreprocessOptions extends Partial<BitImageProcessorFields> {
  /**
   * Where resizing, cropping and scaling run, after decoding on the CPU: 'auto' (default) is the
   * CPU; a GPU gives the same values. It leaves to the CPU what its kernel does not serve: filters
   * other than bilinear and bicubic, other images than RGB, crops that add to an image.
   */
  device?: Device;
  /** Ends the call, which then rejects with its reason. */
  signal?: AbortSignal;
  /**
   * Lets the JPEG decoder shrink photographs by 2, 4 or 8 while both sides stay at least twice what
   * they are resized to: sooner done, with slightly other pixels. Without effect on smaller and on
   * other images, without doResize, and where `systemInfo().jpeg` is null.
   */
  fastDecode?: boolean;
  /**
   * With a GPU, lets its nvJPEG decode JPEGs in colour, where libnvjpeg is: the CPU has less to do,
   * and pixels differ by a few levels. A broken JPEG then fails the call without saying which one it
   * is. Without effect elsewhere. Default false.
   */
  gpuDecode?: boolean;
  /** Images of a higher priority are resized first, also before calls of models; default 0. */
  priority?: number;
  /**
   * How long the server of a URL may be silent before that image counts as unreadable, in
   * milliseconds; default 30,000. A download that goes on may take as long as it takes.
   */
  timeoutMs?: number;
}

/** Device and signal are checked where they are used. */
export const PREPROCESS_CHECKS: OptionChecks<PreprocessOptions> = {
  ...PROCESSOR_FIELDS,
  device: anything,
  signal: anything,
  fastDecode: boolean,
  gpuDecode: boolean,
  priority: callPriority,
  timeoutMs: positive,
};
