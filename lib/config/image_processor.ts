// BitImageProcessor without its files: every field of transformers' processor, checked, and its JSON.
import type { PreprocessSteps, Resample } from '../binding/types';
import { BitError } from '../errors';
import {
  anything,
  boolean,
  isObject,
  oneOf,
  perChannel,
  perChannelDivisor,
  positive,
} from './checks';
import {
  fieldNames,
  fillFields,
  fromKeys,
  invalidField,
  jsonObject,
  toKeys,
  type FieldTable,
} from './fields';
import {
  parseCropSize,
  parseSize,
  sizeToJSON,
  type HeightWidth,
  type ImageSize,
} from './image_size';
import { defined } from './options';

/**
 * PIL's codes: nearest, lanczos, bilinear, bicubic; box and hamming cannot resize tensors.
 * @category Images
 */
export type ResampleCode = 0 | 1 | 2 | 3 | 4 | 5;

/**
 * Every field, as it is after construction; what init leaves out gets transformers' default.
 * @category Images
 */
export interface BitImageProcessorFields {
  /** Whether everything becomes RGB: grey is repeated, alpha dropped; default true. */
  doConvertRgb: boolean;
  /** Whether images are resized to `size`; default true. */
  doResize: boolean;
  /**
   * What images are resized to, in pixels: `{ height, width }` exactly; `{ shortestEdge }`, keeping the
   * proportions, or with `longestEdge` at most so long; or `{ maxHeight, maxWidth }`, the largest that
   * fits. Files may have a plain integer for the shortest edge. Default `{ shortestEdge: 224 }`.
   */
  size: ImageSize;
  /**
   * Filter of the resizing, as PIL's code: 0 nearest, 1 lanczos, 2 bilinear, 3 bicubic (default), 4 box,
   * 5 hamming; the last two are refused, as by transformers. torchvision's names ('bicubic', …) are taken for theirs.
   */
  resample: ResampleCode;
  /** Whether the middle of `cropSize` is cut out, padded where the image is smaller; default true. */
  doCenterCrop: boolean;
  /** `{ height, width }` in pixels; files may have a plain integer for a square. Default 224 x 224. */
  cropSize: HeightWidth;
  /** Whether pixel values are multiplied by `rescaleFactor`; default true. */
  doRescale: boolean;
  /** What pixel values from 0 to 255 are multiplied by; default 1/255. */
  rescaleFactor: number;
  /** Whether `imageMean` is taken away and the rest divided by `imageStd`; default true. */
  doNormalize: boolean;
  /**
   * One value per channel, or one for all, in the scale that rescaling gives; default those of CLIP's
   * training images.
   */
  imageMean: number | number[];
  /** As imageMean; no value may be 0. Default those of CLIP's training images. */
  imageStd: number | number[];
}

/** Mean and deviation of the images CLIP was trained on (transformers' OPENAI_CLIP_MEAN and _STD). */
const CLIP_MEAN = [0.48145466, 0.4578275, 0.40821073];
const CLIP_STD = [0.26862954, 0.26130258, 0.27577711];
/** Side of the images, in pixels, as transformers' processor has it. */
const DEFAULT_SIDE = 224;
const IMAGE_PROCESSOR_TYPE = 'BitImageProcessor';
export const RGB_CHANNELS = 3;

/** The addon's names in the order of PIL's codes. */
const RESAMPLES: Resample[] = ['nearest', 'lanczos', 'bilinear', 'bicubic', 'box', 'hamming'];

/**
 * torchvision's names, which transformers takes too; its 'nearest' is a rule of its own, by which
 * pixels lie elsewhere than by PIL's code 0.
 */
const RESAMPLE_NAMES: Readonly<Record<string, ResampleCode>> = Object.fromEntries(
  RESAMPLES.map((name, code) => [
    name === 'nearest' ? 'nearest-exact' : name,
    code as ResampleCode,
  ]),
);

const FIELDS: FieldTable<BitImageProcessorFields> = {
  doConvertRgb: { key: 'do_convert_rgb', initial: () => true, check: boolean },
  doResize: { key: 'do_resize', initial: () => true, check: boolean },
  size: { key: 'size', initial: () => ({ shortestEdge: DEFAULT_SIDE }), check: anything },
  resample: {
    key: 'resample',
    initial: () => 3,
    check: oneOf(0, 1, 2, 3, 4, 5, ...Object.keys(RESAMPLE_NAMES)),
  },
  doCenterCrop: { key: 'do_center_crop', initial: () => true, check: boolean },
  cropSize: {
    key: 'crop_size',
    initial: () => ({ height: DEFAULT_SIDE, width: DEFAULT_SIDE }),
    check: anything,
  },
  doRescale: { key: 'do_rescale', initial: () => true, check: boolean },
  rescaleFactor: { key: 'rescale_factor', initial: () => 1 / 255, check: positive },
  doNormalize: { key: 'do_normalize', initial: () => true, check: boolean },
  imageMean: { key: 'image_mean', initial: () => [...CLIP_MEAN], check: perChannel },
  imageStd: { key: 'image_std', initial: () => [...CLIP_STD], check: perChannelDivisor },
};

/** For options that are fields of a processor, which checks them itself. */
export const PROCESSOR_FIELDS = fieldNames(FIELDS);

/** Keys that toJSON makes anew or that old files wrote. */
const REWRITTEN = ['image_processor_type', 'feature_extractor_type', 'processor_class'];
/** What each step needs; a file may leave it null where the step is off. */
const NEEDS: Partial<Record<keyof BitImageProcessorFields, keyof BitImageProcessorFields>> = {
  size: 'doResize',
  resample: 'doResize',
  cropSize: 'doCenterCrop',
  rescaleFactor: 'doRescale',
  imageMean: 'doNormalize',
  imageStd: 'doNormalize',
};

/** How images become pixel values. */
export class ImageProcessorData implements BitImageProcessorFields {
  readonly doConvertRgb!: boolean;
  /** Whether images are resized to `size`; default true. */
  readonly doResize!: boolean;
  readonly size!: ImageSize;
  readonly resample!: ResampleCode;
  /** Whether the middle of `cropSize` is cut out, padded where the image is smaller; default true. */
  readonly doCenterCrop!: boolean;
  readonly cropSize!: HeightWidth;
  /** Whether pixel values are multiplied by `rescaleFactor`; default true. */
  readonly doRescale!: boolean;
  /** What pixel values from 0 to 255 are multiplied by; default 1/255. */
  readonly rescaleFactor!: number;
  /** Whether `imageMean` is taken away and the rest divided by `imageStd`; default true. */
  readonly doNormalize!: boolean;
  readonly imageMean!: number | number[];
  /** As imageMean; no value may be 0. Default those of CLIP's training images. */
  readonly imageStd!: number | number[];
  /** JSON keys that are none of ours; they are written back. */
  #extra: Record<string, unknown> = {};

  /** @throws BitError ERR_BIT_CONFIG naming the field that is wrong. */
  constructor(init: Partial<BitImageProcessorFields> = {}) {
    const fields = fillFields(FIELDS, init);
    if (isObject(init) && #extra in init) this.#extra = structuredClone(init.#extra);
    Object.assign(this, fields, {
      size: parseSize(fields.size),
      cropSize: parseCropSize(fields.cropSize),
      resample: RESAMPLE_NAMES[fields.resample] ?? fields.resample,
    });
    const lengths = [this.imageMean, this.imageStd].map((value) => [value].flat().length);
    if (lengths[0] !== lengths[1] && Math.min(...lengths) > 1) {
      throw new BitError(
        'ERR_BIT_CONFIG',
        `Expected as many values for imageMean as for imageStd but received ${lengths.join(' and ')}`,
      );
    }
  }

  /**
   * Reads transformers' preprocessor_config.json, old spellings included; unknown keys are kept.
   * @throws BitError ERR_BIT_CONFIG naming the key that is wrong.
   */
  static fromJSON<P extends ImageProcessorData>(
    this: new (init?: Partial<BitImageProcessorFields>) => P,
    json: object,
  ): P {
    const { fields, unknown } = fromKeys(FIELDS, jsonObject(json));
    // Padding comes after normalisation in transformers, and is off unless a file asks for it.
    if (unknown['do_pad']) {
      throw new BitError(
        'ERR_BIT_CONFIG',
        'do_pad is not supported: BiT crops to a fixed size instead',
      );
    }
    const processor = new this(withoutNulls(fields));
    for (const key of REWRITTEN) delete unknown[key];
    (processor as ImageProcessorData).#extra = structuredClone(unknown);
    return processor;
  }

  /** transformers' preprocessor_config.json: snake_case keys, sorted. */
  toJSON(): Record<string, unknown> {
    return toKeys<Record<keyof BitImageProcessorFields, unknown>>(
      FIELDS,
      { ...(this as BitImageProcessorFields), size: sizeToJSON(this.size) },
      { ...this.#extra, image_processor_type: IMAGE_PROCESSOR_TYPE },
    );
  }

  /**
   * A copy with some fields changed; one that is undefined stays as it is.
   * @throws BitError ERR_BIT_CONFIG naming the field that is wrong or unknown.
   */
  with(changes: Partial<BitImageProcessorFields>): this {
    const kept = Object.fromEntries(
      Object.keys(FIELDS).map((name) => [name, this[name as keyof BitImageProcessorFields]]),
    );
    const constructor = this.constructor as new (init: object) => this;
    const processor = new constructor({
      ...kept,
      ...(isObject(changes) ? defined(changes) : changes),
    });
    (processor as ImageProcessorData).#extra = structuredClone(this.#extra);
    return processor;
  }
}

/**
 * What null means in a file: a step that is off, or what such a step would need.
 * @throws BitError ERR_BIT_CONFIG for null where the step is on.
 */
function withoutNulls(fields: Partial<BitImageProcessorFields>): Partial<BitImageProcessorFields> {
  const names = Object.keys(fields) as (keyof BitImageProcessorFields)[];
  const result: Record<string, unknown> = { ...fields };
  for (const name of names.filter((each) => fields[each] === null)) {
    const step = NEEDS[name];
    if (step === undefined) {
      result[name] = false;
      continue;
    }
    const isOn = (fields[step] === undefined ? FIELDS[step].initial() : fields[step]) === true;
    if (isOn) {
      const expected = `a value while ${FIELDS[step].key} is on`;
      throw invalidField(name, FIELDS[name].key, { ...anything, expected }, null);
    }
    delete result[name];
  }
  return result;
}

/** The steps for images of so many channels, as the addon takes them: null for those that are off. */
export function preprocessSteps(
  settings: BitImageProcessorFields,
  channels: number,
): PreprocessSteps {
  const results = channelsAfter(channels, settings);
  return {
    resample: RESAMPLES[settings.resample] as Resample,
    convertRgb: settings.doConvertRgb && results === RGB_CHANNELS,
    crop: settings.doCenterCrop ? settings.cropSize : null,
    rescaleFactor: settings.doRescale ? settings.rescaleFactor : null,
    imageMean: settings.doNormalize ? forEachChannel(settings.imageMean, results) : null,
    imageStd: settings.doNormalize ? forEachChannel(settings.imageStd, results) : null,
  };
}

/**
 * Channels that an image comes out with. Raw pixels for which the mean and deviation have a value
 * each, two or four, are meant as they are, doConvertRgb or not: transformers converts no arrays.
 */
export function channelsAfter(
  channels: number,
  { doConvertRgb, doNormalize, imageMean, imageStd }: BitImageProcessorFields,
): number {
  const values = Math.max([imageMean].flat().length, [imageStd].flat().length);
  const isMeantSo = doNormalize && values > 1 && values === channels;
  return doConvertRgb && !isMeantSo ? RGB_CHANNELS : channels;
}

/** One number stands for every channel. */
function forEachChannel(value: number | number[], channels: number): number[] {
  const values = [value].flat();
  return values.length === 1 ? new Array<number>(channels).fill(values[0] as number) : values;
}
