// Results in a vm context, such as jest's are, are instances of the classes that the caller sees there.
import {
  BitBackbone,
  BitConfig,
  BitForImageClassification,
  BitImageProcessor,
  BitModel,
  pipeline,
  type Tensor,
} from '../../lib';

const config = new BitConfig({
  embeddingSize: 8,
  hiddenSizes: [16, 24],
  depths: [1, 1],
  numGroups: 4,
});
const image = { data: new Uint8Array(64 * 64 * 3).fill(90), width: 64, height: 64, channels: 3 };

test('the addon makes arrays of another realm: else nothing is shown here', () => {
  const { Float32Array: own } = Buffer.constructor('return this')() as typeof globalThis;
  expect(own).not.toBe(Float32Array);
});

test('all tensors hold arrays of one realm, the caller’s', async () => {
  const tensors: Record<string, Tensor | undefined> = {};
  const { pixelValues } = await new BitImageProcessor().preprocess(image);
  tensors['pixelValues'] = pixelValues;

  await using classifier = await BitForImageClassification.fromConfig(config);
  const options = { outputHiddenStates: true };
  const classified = await classifier.forward({ pixelValues, labels: [1] }, options);
  Object.assign(tensors, { logits: classified.logits, loss: classified.loss });
  classified.hiddenStates?.forEach((each, i) => (tensors[`hiddenStates ${i}`] = each));
  for (const [name, each] of await classifier.stateDict()) tensors[name] = each;

  await using model = await BitModel.fromConfig(config);
  Object.assign(tensors, await model.forward(pixelValues));
  await using backbone = await BitBackbone.fromConfig(config);
  tensors['featureMaps'] = (await backbone.forward(pixelValues)).featureMaps[0];
  await using embed = await pipeline('image-feature-extraction');
  tensors['features'] = await embed([image, image], { batchSize: 1 });
  tensors['feature'] = await embed(image);

  const foreign = Object.entries(tensors).filter(
    ([, tensor]) => !(tensor?.data instanceof Float32Array),
  );
  expect(foreign.map(([name]) => name)).toEqual([]);
  expect(Object.keys(tensors).length).toBeGreaterThan(20);
});

test('bytes too', async () => {
  const processor = new BitImageProcessor({ doRescale: false, doNormalize: false });
  const { pixelValues } = await processor.preprocess(image);
  expect(pixelValues.data).toBeInstanceOf(Uint8Array);
});
