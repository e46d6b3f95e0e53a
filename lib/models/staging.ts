// What one call asks of an image processor, for itself and for pipelines. Errors about one image of a list
// carry its place there as `index` alone.
import { runJob } from '../binding/job';
import { loadBinding } from '../binding/load';
import type { BitImageProcessorFields, ImageProcessorData } from '../config/image_processor';
import { checkDevice } from '../config/model_options';
import { checkOptions } from '../config/options';
import { PREPROCESS_CHECKS, type PreprocessOptions } from '../config/preprocess_options';
import { toPixelTensor } from '../image/pixel_batch';
import { preprocessImages, stageImages, type Images } from '../image/processor';
import type { StagedImages } from '../image/staged';
import type { Tensor } from '../tensor';

/**
 * Settings and options of one call.
 * @throws BitError ERR_BIT_CONFIG, or ERR_BIT_DEVICE for a device that cannot be meant.
 */
function checkPreprocess(processor: ImageProcessorData, overrides: PreprocessOptions) {
  const given: PreprocessOptions = checkOptions(overrides, PREPROCESS_CHECKS);
  const { device, signal, fastDecode, gpuDecode, priority, timeoutMs, ...fields } = given;
  return {
    device: checkDevice(device),
    settings: Object.keys(fields).length > 0 ? processor.with(fields) : processor,
    options: { signal, fastDecode, gpuDecode, priority, timeoutMs },
  };
}

/**
 * All pixel values at once.
 * @throws as BitImageProcessor's preprocess().
 */
export async function pixelValuesFor(
  processor: ImageProcessorData,
  images: Images,
  overrides: PreprocessOptions = {},
): Promise<Tensor> {
  const { device, settings, options } = checkPreprocess(processor, overrides);
  const native = loadBinding();
  if (!device.startsWith('cuda')) return preprocessImages(images, settings, native, options);
  native.checkDevice(device);
  if (!isScaled(settings)) return preprocessImages(images, settings, native, options);
  const { pictures } = await stageImages(images, settings, native, options);
  const job = () => native.preparePictures({ pictures, device, priority: options.priority ?? 0 });
  return toPixelTensor(await runJob(job, options.signal));
}

/**
 * Decodes images for one call of a model on a GPU, which resizes them itself; pixel values where
 * these are whole numbers, which a GPU does not give.
 * @throws as BitImageProcessor's preprocess().
 */
export async function stageForModel(
  processor: ImageProcessorData,
  images: Images,
  overrides: PreprocessOptions = {},
): Promise<StagedImages | Tensor> {
  const { settings, options } = checkPreprocess(processor, overrides);
  return isScaled(settings)
    ? stageImages(images, settings, loadBinding(), options)
    : preprocessImages(images, settings, loadBinding(), options);
}

/** Whether pixels come out as floats, which is all that a GPU gives. */
function isScaled({ doRescale, doNormalize }: BitImageProcessorFields): boolean {
  return doRescale || doNormalize;
}
