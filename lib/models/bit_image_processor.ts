// BitImageProcessor with its files and its one verb.
import { runJob } from '../binding/job';
import { loadBinding } from '../binding/load';
import { anything, boolean, callPriority, positive } from '../config/checks';
import {
  ImageProcessorData,
  PROCESSOR_FIELDS,
  type BitImageProcessorFields,
} from '../config/image_processor';
import { checkOptions, only } from '../config/options';
import { forCaller, inList } from '../errors';
import type { PretrainedOptions } from '../hub/options';
import { resolveSource } from '../hub/resolve';
import { toPixelTensor } from '../image/pixel_batch';
import { preprocessImages, stageImages, type Images } from '../image/processor';
import type { ImageInput } from '../image/input';
import type { StagedImages } from '../image/staged';
import type { Tensor } from '../tensor';
import { readJsonObject, writeJson } from './json_file';
import { checkModelOptions, PRETRAINED_CHECKS, type Device } from './options';

export interface PreprocessOptions extends Partial<BitImageProcessorFields> {
  /**
   * Where resizing, cropping and scaling run, after decoding on the CPU: 'auto' (default) is the
   * CPU; a GPU gives the same values. It leaves to the CPU what its kernel does not serve: filters
   * other than bilinear and bicubic, other images than RGB, crops that add to an image.
   */
  device?: Device;
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
const CALL_CHECKS = {
  ...PROCESSOR_FIELDS,
  device: anything,
  signal: anything,
  fastDecode: boolean,
  gpuDecode: boolean,
  priority: callPriority,
  timeoutMs: positive,
};

/** Images → pixel values: every field of transformers' BitImageProcessor, with its numbers. */
export class BitImageProcessor extends ImageProcessorData {
  /**
   * Reads preprocessor_config.json of a directory, beside a checkpoint file, or on the hub.
   * @param options fields of the processor replace what the file says.
   * @throws BitError ERR_BIT_CHECKPOINT when it is not found, ERR_BIT_CONFIG when it is wrong.
   */
  static async fromPretrained(
    source: string,
    options: PretrainedOptions & Partial<BitImageProcessorFields> = {},
  ): Promise<BitImageProcessor> {
    const given = checkOptions(options, { ...PRETRAINED_CHECKS, ...PROCESSOR_FIELDS });
    return forCaller(async () => {
      const { processorPath } = await resolveSource(source, given, 'processor');
      const json = await readJsonObject(processorPath);
      const processor = BitImageProcessor.fromJSON(json) as BitImageProcessor;
      return processor.with(only(given, PROCESSOR_FIELDS));
    });
  }

  /**
   * Decodes, resizes, crops, rescales and normalises.
   * @param images one image or a list of any sizes; see ImageInput.
   * @param overrides settings for this call alone.
   * @returns pixelValues: float32 [N, 3, H, W] (uint8 when neither rescaled nor normalised).
   * @throws BitError ERR_BIT_IMAGE, whose `index` names the bad image of a list; ERR_BIT_DEVICE for
   *   a GPU that is not there.
   */
  async preprocess(
    images: ImageInput | readonly ImageInput[],
    overrides: PreprocessOptions = {},
  ): Promise<{ pixelValues: Tensor }> {
    return forCaller(async () => {
      try {
        return { pixelValues: await this.pixelValues(images, overrides) };
      } catch (error) {
        throw inList(error, Array.isArray(images) ? images.length : 1);
      }
    });
  }

  /**
   * What preprocess() gives, for pipelines: errors about one image of a list have an `index`, and no
   * place in their words.
   * @internal
   */
  async pixelValues(images: Images, overrides: PreprocessOptions = {}): Promise<Tensor> {
    const { device, settings, options } = this.checked(overrides);
    const native = loadBinding();
    if (!device.startsWith('cuda')) return preprocessImages(images, settings, native, options);
    native.checkDevice(device);
    if (!isScaled(settings)) return preprocessImages(images, settings, native, options);
    const { pictures } = await stageImages(images, settings, native, options);
    const job = () => native.preparePictures(pictures, device, options.priority ?? 0);
    return toPixelTensor(await runJob(job, options.signal));
  }

  /**
   * Decodes images for one call of a model on a GPU, which resizes them itself. Errors are as those
   * of pixelValues().
   * @internal
   */
  async stage(images: Images, overrides: PreprocessOptions = {}): Promise<StagedImages | Tensor> {
    const { settings, options } = this.checked(overrides);
    return isScaled(settings)
      ? stageImages(images, settings, loadBinding(), options)
      : preprocessImages(images, settings, loadBinding(), options);
  }

  /** Settings and options of one call. */
  private checked(overrides: PreprocessOptions) {
    const given: PreprocessOptions = checkOptions(overrides, CALL_CHECKS);
    const { device, signal, fastDecode, gpuDecode, priority, timeoutMs, ...fields } = given;
    return {
      device: checkModelOptions({ device }).device,
      settings: Object.keys(fields).length > 0 ? this.with(fields) : this,
      options: { signal, fastDecode, gpuDecode, priority, timeoutMs },
    };
  }

  /**
   * Writes preprocessor_config.json into `directory`.
   * @throws BitError ERR_BIT_CHECKPOINT when it cannot be written, ERR_BIT_CONFIG for no path.
   */
  async savePretrained(directory: string): Promise<void> {
    await forCaller(() => writeJson(directory, 'preprocessor_config.json', this.toJSON()));
  }
}

/** Whether pixels come out as floats, which is all that a GPU gives. */
function isScaled({ doRescale, doNormalize }: BitImageProcessorFields): boolean {
  return doRescale || doNormalize;
}
