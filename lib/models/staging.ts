// What one call asks of an image processor; and images decoded for a call of a model on a GPU.
import { loadBinding } from '../binding/load';
import type { BitImageProcessorFields, ImageProcessorData } from '../config/image_processor';
import { checkDevice } from '../config/model_options';
import { checkOptions } from '../config/options';
import { PREPROCESS_CHECKS, type PreprocessOptions } from '../config/preprocess_options';
import { preprocessImages, stageImages, type Images } from '../image/processor';
import type { StagedImages } from '../image/staged';
import type { Tensor } from '../tensor';

/**
 * Settings and options of one call.
 * @throws BitError ERR_BIT_CONFIG, or ERR_BIT_DEVICE for a device that cannot be meant.
 */
export function checkPreprocess(processor: ImageProcessorData, overrides: PreprocessOptions) {
  const given: PreprocessOptions = checkOptions(overrides, PREPROCESS_CHECKS);
  const { device, signal, fastDecode, gpuDecode, priority, timeoutMs, ...fields } = given;
  return {
    device: checkDevice(device),
    settings: Object.keys(fields).length > 0 ? processor.with(fields) : processor,
    options: { signal, fastDecode, gpuDecode, priority, timeoutMs },
  };
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
export function isScaled({ doRescale, doNormalize }: BitImageProcessorFields): boolean {
  return doRescale || doNormalize;
}
