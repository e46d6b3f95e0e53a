// BitImageProcessor with its files and its one verb.
import { loadBinding } from '../binding/load';
import { boolean } from '../config/checks';
import { ImageProcessorData, type BitImageProcessorFields } from '../config/image_processor';
import { checkOptions } from '../config/options';
import type { PretrainedOptions } from '../hub/options';
import { resolveSource } from '../hub/resolve';
import { invalid } from '../errors';
import { preprocessImages } from '../image/processor';
import type { ImageInput } from '../image/input';
import type { Tensor } from '../tensor';
import { readJsonObject, writeJson } from './json_file';
import { checkModelOptions, PRETRAINED_CHECKS, type Device } from './options';

export interface PreprocessOptions extends Partial<BitImageProcessorFields> {
  /** Where resizing runs: 'auto' or 'cpu'. */
  device?: Device;
  signal?: AbortSignal;
  /**
   * Lets the JPEG decoder shrink photographs by 2, 4 or 8 while both sides stay at least twice what
   * they are resized to: sooner done, with slightly other pixels. Without effect on smaller and on
   * other images, without doResize, and where `systemInfo().jpeg` is null.
   */
  fastDecode?: boolean;
}

/** Images → pixel values: every field of transformers' BitImageProcessor, with its numbers. */
export class BitImageProcessor extends ImageProcessorData {
  /**
   * Reads preprocessor_config.json of a directory, beside a checkpoint file, or on the hub.
   * @throws BitError ERR_BIT_CHECKPOINT when it is not found, ERR_BIT_CONFIG when it is wrong.
   */
  static async fromPretrained(
    source: string,
    options: PretrainedOptions = {},
  ): Promise<BitImageProcessor> {
    const given = checkOptions(options, PRETRAINED_CHECKS);
    const { processorPath } = await resolveSource(source, given, 'processor');
    return BitImageProcessor.fromJSON(await readJsonObject(processorPath)) as BitImageProcessor;
  }

  /**
   * Decodes, resizes, crops, rescales and normalises.
   * @param images one image or a list of any sizes; see ImageInput.
   * @param overrides settings for this call alone.
   * @returns pixelValues: float32 [N, 3, H, W] (uint8 when neither rescaled nor normalised).
   * @throws BitError ERR_BIT_IMAGE, whose `index` names the bad image of a list.
   */
  async preprocess(
    images: ImageInput | readonly ImageInput[],
    overrides: PreprocessOptions = {},
  ): Promise<{ pixelValues: Tensor }> {
    const given = checkOptions(overrides, { fastDecode: boolean });
    const { device, signal, fastDecode, ...fields } = given;
    if (checkModelOptions({ device }).device.startsWith('cuda'))
      throw invalid(
        'ERR_BIT_DEVICE',
        'device',
        "'auto' or 'cpu', where images are prepared,",
        device,
      );
    const settings = Object.keys(fields).length > 0 ? this.with(fields) : this;
    const pixelValues = await preprocessImages(images, settings, loadBinding(), {
      signal,
      fastDecode,
    });
    return { pixelValues };
  }

  /**
   * Writes preprocessor_config.json into `directory`.
   * @throws BitError ERR_BIT_CHECKPOINT when it cannot be written, ERR_BIT_CONFIG for no path.
   */
  async savePretrained(directory: string): Promise<void> {
    await writeJson(directory, 'preprocessor_config.json', this.toJSON());
  }
}
