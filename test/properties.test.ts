// Whatever comes in: a value that keeps its promises, or a BitError. fast-check makes it up.
import fc from 'fast-check';
import {
  BitConfig,
  BitError,
  BitForImageClassification,
  BitImageProcessor,
  Tensor,
  type BitErrorCode,
} from '../lib';

const RUNS = { numRuns: 300 };
const FEWER = { numRuns: 60 };

/** What `make` gives; undefined for a BitError with one of these codes; anything else fails. */
async function orRefused<T>(make: () => T | Promise<T>, ...codes: BitErrorCode[]) {
  try {
    return await make();
  } catch (error) {
    if (error instanceof BitError && codes.includes(error.code)) return undefined;
    throw error;
  }
}

const anyOf = <T>(usual: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 5, arbitrary: usual as fc.Arbitrary<unknown> }, fc.anything());

describe('BitConfig', () => {
  const fields = fc.record(
    {
      numChannels: anyOf(fc.integer({ min: 1, max: 4 })),
      embeddingSize: anyOf(fc.integer({ min: 1, max: 128 })),
      hiddenSizes: anyOf(fc.array(fc.integer({ min: 1, max: 512 }), { maxLength: 5 })),
      depths: anyOf(fc.array(fc.integer({ min: 0, max: 6 }), { maxLength: 5 })),
      layerType: anyOf(fc.constantFrom('preactivation', 'bottleneck')),
      hiddenAct: anyOf(fc.constantFrom('relu', 'gelu', 'silu')),
      globalPadding: anyOf(fc.constantFrom('SAME', 'VALID', null)),
      numGroups: anyOf(fc.integer({ min: 1, max: 64 })),
      dropPathRate: anyOf(fc.double({ min: 0, max: 1, noNaN: true })),
      outputStride: anyOf(fc.constantFrom(8, 16, 32)),
      widthFactor: anyOf(fc.integer({ min: 1, max: 4 })),
      outFeatures: anyOf(fc.constant(null)),
      numLabels: anyOf(fc.integer({ min: 0, max: 9 })),
      id2label: anyOf(fc.dictionary(fc.nat(9).map(String), fc.string())),
    },
    { requiredKeys: [] },
  );

  test('is refused by name, or survives the way to JSON and back', async () => {
    const property = fc.asyncProperty(fields, async (init) => {
      const config = await orRefused(() => new BitConfig(init as object), 'ERR_BIT_CONFIG');
      if (!config) return;
      const json = JSON.parse(JSON.stringify(config.toJSON())) as object;
      expect(BitConfig.fromJSON(json).toJSON()).toEqual(json);
    });
    await fc.assert(property, RUNS);
  });

  test('reads no JSON that it cannot write again', async () => {
    const json = fc.dictionary(
      fc.oneof(fc.constantFrom('hidden_sizes', 'depths', 'id2label', 'num_labels'), fc.string()),
      fc.jsonValue(),
    );
    const property = fc.asyncProperty(json, async (value) => {
      const config = await orRefused(() => BitConfig.fromJSON(value), 'ERR_BIT_CONFIG');
      if (config) expect(() => JSON.stringify(config.toJSON())).not.toThrow();
    });
    await fc.assert(property, RUNS);
  });
});

describe('Tensor', () => {
  const data = fc.oneof(
    fc.float32Array({ maxLength: 60 }),
    fc.uint8Array({ maxLength: 60 }),
    fc.uint16Array({ maxLength: 60 }),
    fc.bigInt64Array({ maxLength: 60 }),
  );
  const shape = anyOf(fc.array(fc.integer({ min: 0, max: 8 }), { maxLength: 4 }));
  const dtype = fc.option(
    anyOf(fc.constantFrom('float32', 'float16', 'bfloat16', 'uint8', 'int64')),
    { nil: undefined },
  );

  test('is refused, or has as many values as its shape says', async () => {
    const property = fc.asyncProperty(anyOf(data), shape, dtype, async (values, sizes, type) => {
      const make = () => Tensor.from(values as Float32Array, sizes as number[], type as 'float32');
      const tensor = await orRefused(make, 'ERR_BIT_SHAPE');
      if (!tensor) return;
      expect(tensor.shape.reduce((a, b) => a * b, 1)).toBe(tensor.data.length);
      const nested = tensor.toArray();
      const flat = tensor.shape.length === 0 ? [nested] : (nested as unknown[]).flat(Infinity);
      // A size of 0 leaves empty lists behind, and no values.
      expect(flat).toHaveLength(tensor.data.length);
    });
    await fc.assert(property, RUNS);
  });
});

describe('forward', () => {
  const config = new BitConfig({ embeddingSize: 8, hiddenSizes: [16], depths: [1], numGroups: 4 });
  const sizes = fc.tuple(
    fc.integer({ min: 0, max: 3 }),
    fc.constantFrom(1, 3, 3, 3),
    fc.integer({ min: 0, max: 40 }),
    fc.integer({ min: 0, max: 40 }),
  );

  test('refuses what does not fit, and answers every image otherwise', async () => {
    await using model = await BitForImageClassification.fromConfig(config, { seed: 1 });
    const call = fc.record({
      shape: sizes,
      fill: fc.float(),
      priority: fc.option(anyOf(fc.integer({ min: -5, max: 5 })), { nil: undefined }),
    });
    const one = async ({
      shape,
      fill,
      priority,
    }: {
      shape: number[];
      fill: number;
      priority?: unknown;
    }) => {
      const count = shape.reduce((a, b) => a * b, 1);
      const pixels = Tensor.from(new Float32Array(count).fill(fill), shape);
      const options = { priority: priority as number };
      const make = () => model.forward(pixels, options);
      const output = await orRefused(make, 'ERR_BIT_SHAPE', 'ERR_BIT_CONFIG');
      if (output) expect(output.logits.shape).toEqual([shape[0], 2]);
    };
    const together = fc.array(call, { minLength: 1, maxLength: 12 });
    const property = fc.asyncProperty(together, async (calls) => {
      await Promise.all(calls.map(one));
    });
    await fc.assert(property, FEWER);
  });

  test('refuses anything else', async () => {
    await using model = await BitForImageClassification.fromConfig(config, { seed: 1 });
    const property = fc.asyncProperty(fc.anything(), async (value) => {
      const answer = await orRefused(() => model.forward(value as Tensor), 'ERR_BIT_SHAPE');
      expect(answer).toBeUndefined();
    });
    await fc.assert(property, RUNS);
  });
});

describe('BitImageProcessor', () => {
  const side = fc.integer({ min: 1, max: 24 });

  test('gives pixel values of the size that its settings say, or an error', async () => {
    const raw = fc.record({
      width: anyOf(side),
      height: anyOf(side),
      channels: anyOf(fc.integer({ min: 1, max: 4 })),
      data: anyOf(fc.uint8Array({ minLength: 1, maxLength: 200 })),
    });
    const property = fc.asyncProperty(raw, side, async (image, crop) => {
      const processor = new BitImageProcessor({
        size: { shortestEdge: 8 },
        cropSize: { height: crop, width: crop },
      });
      const make = () => processor.preprocess(image as never);
      const result = await orRefused(make, 'ERR_BIT_IMAGE');
      if (result) expect(result.pixelValues.shape).toEqual([1, 3, crop, crop]);
    });
    await fc.assert(property, RUNS);
  });

  test('takes well-made raw pixels of any size', async () => {
    const property = fc.asyncProperty(
      side,
      side,
      fc.integer({ min: 1, max: 4 }),
      async (width, height, channels) => {
        const data = new Uint8Array(width * height * channels).fill(77);
        const processor = new BitImageProcessor({
          size: { shortestEdge: 8 },
          cropSize: { height: 8, width: 8 },
        });
        const { pixelValues } = await processor.preprocess({
          data,
          width,
          height,
          channels,
        } as never);
        expect(pixelValues.shape).toEqual([1, 3, 8, 8]);
      },
    );
    await fc.assert(property, FEWER);
  });

  test('refuses settings that it cannot work with, by name', async () => {
    const settings = fc.dictionary(
      fc.constantFrom('size', 'cropSize', 'resample', 'imageMean', 'imageStd', 'rescaleFactor'),
      fc.anything(),
    );
    const property = fc.asyncProperty(settings, async (init) => {
      await orRefused(() => new BitImageProcessor(init as object), 'ERR_BIT_CONFIG');
    });
    await fc.assert(property, RUNS);
  });
});
