import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  channelsAfter,
  ImageProcessorData,
  preprocessSteps,
} from '../../lib/config/image_processor';
import { REFERENCE } from '../support/reference';

type Json = Record<string, unknown>;
interface Round {
  read: Json;
  /** What transformers writes again, or how it refuses. */
  written?: Json;
  error?: string;
}

const rounds = (
  JSON.parse(readFileSync(join(REFERENCE, 'configs.json'), 'utf8')) as { processors: Round[] }
).processors;

/** Where ours answers otherwise on purpose; see the tests below. */
const OTHERWISE: Record<string, Json | null> = {
  [JSON.stringify({ do_pad: true, pad_size: 240 })]: null,
  [JSON.stringify({ do_resize: null, size: null })]: {
    do_resize: false,
    size: { shortest_edge: 224 },
  },
  // Names of filters become codes.
  [JSON.stringify({ resample: 'bicubic' })]: { resample: 3 },
  [JSON.stringify({ resample: 'nearest-exact' })]: { resample: 0 },
  [JSON.stringify({ resample: 'lanczos' })]: { resample: 1 },
};

const refusal = (words: string) =>
  expect.objectContaining({
    name: 'BitError',
    code: 'ERR_BIT_CONFIG',
    message: expect.stringContaining(words) as string,
  }) as Error;

describe('fromJSON and toJSON do as transformers does', () => {
  test.each(rounds.map((round) => [JSON.stringify(round.read), round] as const))(
    '%s',
    (text, round) => {
      const known = OTHERWISE[text];
      const read = () => ImageProcessorData.fromJSON(round.read).toJSON();
      if (round.error !== undefined || known === null) expect(read).toThrow(refusal(''));
      else expect(read()).toEqual({ ...round.written, ...known });
    },
  );
});

describe('fromJSON', () => {
  test('reads null as a step that is off, with all that it needs', () => {
    const json = { do_normalize: null, image_mean: null, image_std: null };
    const processor = ImageProcessorData.fromJSON(json);
    expect(processor.doNormalize).toBe(false);
    expect(processor.imageMean).toEqual(new ImageProcessorData().imageMean);
  });

  test('says of a null which step needs a value', () => {
    expect(() => ImageProcessorData.fromJSON({ crop_size: null })).toThrow(
      refusal('a value while do_center_crop is on for cropSize (crop_size in JSON)'),
    );
  });

  test.each(['size', 'resample', 'crop_size', 'rescale_factor', 'image_mean', 'image_std'])(
    'refuses %s null while its step is on',
    (key) => {
      expect(() => ImageProcessorData.fromJSON({ [key]: null })).toThrow(refusal(key));
    },
  );

  test('refuses padding, unless it is off', () => {
    expect(() => ImageProcessorData.fromJSON({ do_pad: true })).toThrow(refusal('do_pad'));
    expect(ImageProcessorData.fromJSON({ do_pad: false }).toJSON()).toMatchObject({
      do_pad: false,
    });
  });

  test.each([null, [], 'text'])('refuses %j', (json) => {
    expect(() => ImageProcessorData.fromJSON(json as never)).toThrow(refusal('the JSON'));
  });

  test('makes subclasses', () => {
    class Mine extends ImageProcessorData {}
    const mine: Mine = Mine.fromJSON({ own_key: [1] });
    expect(mine).toBeInstanceOf(Mine);
    expect(mine.with({ doResize: false }).toJSON()).toMatchObject({
      own_key: [1],
      do_resize: false,
    });
  });
});

describe('BitImageProcessor refuses, naming the field', () => {
  test.each([
    [{ doResize: 'yes' }, 'doResize (do_resize in JSON)'],
    [{ resample: 6 }, 'resample'],
    // Another rule than PIL's code 0, by which transformers' pixels differ.
    [{ resample: 'nearest' }, 'resample'],
    [{ resample: 'BICUBIC' }, 'resample'],
    [{ resample: '3' }, 'resample'],
    [{ rescaleFactor: 0 }, 'rescaleFactor'],
    [{ rescaleFactor: '1/255' }, 'rescaleFactor'],
    [{ imageMean: [] }, 'imageMean'],
    [{ imageMean: [0.5, NaN, 0.5] }, 'imageMean'],
    [{ imageStd: [0.5, 0, 0.5] }, 'imageStd'],
    [{ imageMean: [1, 2], imageStd: [1, 2, 3] }, 'received 2 and 3'],
    [{ size: {} }, 'size'],
    [{ size: { height: 3 } }, 'size'],
    [{ cropSize: { shortestEdge: 3 } }, 'cropSize'],
    [{ doPad: true }, "Unknown field 'doPad'"],
    [null, 'the fields'],
  ])('%j', (init, words) => {
    expect(() => new ImageProcessorData(init as never)).toThrow(refusal(words));
  });

  test('a size that is a function', () => {
    expect(() => new ImageProcessorData({ size: (() => 1) as never })).toThrow(refusal('size'));
  });
});

describe('with', () => {
  test('changes a copy and keeps the rest', () => {
    const processor = new ImageProcessorData({ resample: 2 });
    const other = processor.with({ size: { height: 3, width: 4 } });
    expect(other).toMatchObject({ resample: 2, size: { height: 3, width: 4 } });
    expect(processor.size).toEqual({ shortestEdge: 224 });
  });
});

describe('changes and copies', () => {
  const processor = ImageProcessorData.fromJSON({ do_resize: false, size: 30, mine: 1 });

  test('leave what is undefined as it is', () => {
    const same = processor.with({ doResize: undefined, size: undefined, doRescale: false });
    expect(same).toMatchObject({ doResize: false, size: { shortestEdge: 30 }, doRescale: false });
  });

  test('are made of the processor, its properties, or a structured clone', () => {
    for (const init of [processor, { ...processor }, structuredClone(processor)])
      expect(new ImageProcessorData(init)).toEqual(processor);
    expect(new ImageProcessorData(processor).toJSON()).toEqual(processor.toJSON());
  });
});

describe('channels that come out', () => {
  const two = { imageMean: [1, 2], imageStd: [3, 4] };
  const one = { imageMean: [1], imageStd: 2 };
  const asTheyAre = { doConvertRgb: false };

  test.each([
    ['grey becomes RGB', {}, 1, 3],
    ['RGB stays', {}, 3, 3],
    ['alpha is dropped', {}, 4, 3],
    ['two with a value each are meant so', two, 2, 2],
    ['so they are where one of the two has a value each', { ...two, imageMean: 1 }, 2, 2],
    ['or the other', { ...two, imageStd: 1 }, 2, 2],
    ['not where nothing is normalised', { ...two, doNormalize: false }, 2, 3],
    ['nor those of which there are others', two, 4, 3],
    ['one value is for all', one, 1, 3],
    ['without doConvertRgb all stay', asTheyAre, 1, 1],
    ['with values for others too', { ...two, ...asTheyAre }, 4, 4],
  ])('%s', (_, init, channels, expected) => {
    const settings = new ImageProcessorData(init);
    expect(channelsAfter(channels, settings)).toBe(expected);
    const { convertRgb } = preprocessSteps(settings, channels);
    expect(convertRgb).toBe(settings.doConvertRgb && expected === 3);
  });

  test('one value is repeated for each, and several are taken as they are', () => {
    const of = (init: object, channels: number) =>
      preprocessSteps(new ImageProcessorData({ ...asTheyAre, ...init }), channels);
    expect(of(one, 4)).toMatchObject({ imageMean: [1, 1, 1, 1], imageStd: [2, 2, 2, 2] });
    expect(of(two, 2)).toMatchObject({ imageMean: [1, 2], imageStd: [3, 4] });
    expect(of({ doNormalize: false }, 2)).toMatchObject({ imageMean: null, imageStd: null });
    expect(of({ doRescale: false, doCenterCrop: false }, 2)).toMatchObject({
      rescaleFactor: null,
      crop: null,
    });
  });
});
