// BitImageProcessor with its files and its one verb.
import {
  ImageProcessorData,
  PROCESSOR_FIELDS,
  type BitImageProcessorFields,
} from '../config/image_processor';
import { checkOptions, only } from '../config/options';
import type { PreprocessOptions } from '../config/preprocess_options';
import { PRETRAINED_CHECKS, type PretrainedOptions } from '../config/pretrained_options';
import { forCaller, inList } from '../errors';
import { resolveSource } from '../hub/resolve';
import type { ImageInput } from '../image/input';
import type { Tensor } from '../tensor';
import { readJsonObject, writeJson } from './json_file';
import { pixelValuesFor } from './staging';

/**
 * Images → pixel values: every field of transformers' BitImageProcessor, with its numbers.
 * @category Images
 */
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
   * @param images one image or a list of any sizes; see {@link ImageInput}.
   * @param overrides settings for this call alone.
   * @returns pixelValues: float32 [N, 3, H, W] (uint8 when neither rescaled nor normalised).
   * @throws BitError ERR_BIT_IMAGE, whose `index` names the bad image of a list; ERR_BIT_DEVICE for
   *   a GPU that is not there.
   */
  async preprocess(
    images: ImageInput | readonly ImageInput[],
    overrides: PreprocessOptions = {},
  ): Promise<{
    /** Float32, or uint8 when neither rescaled nor normalised, of shape [N, C, H, W]. */
    pixelValues: Tensor;
  }> {
    return forCaller(async () => {
      try {
        return { pixelValues: await pixelValuesFor(this, images, overrides) };
      } catch (error) {
        throw inList(error, Array.isArray(images) ? images.length : 1);
      }
    });
  }

  /**
   * Writes preprocessor_config.json into `directory`.
   * @throws BitError ERR_BIT_CHECKPOINT when it cannot be written, ERR_BIT_CONFIG for no path.
   */
  async savePretrained(directory: string): Promise<void> {
    await forCaller(() => writeJson(directory, 'preprocessor_config.json', this.toJSON()));
  }
}
