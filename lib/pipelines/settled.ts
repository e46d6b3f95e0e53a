// Any number of images through a model, each for itself: one that cannot be used is set aside.
import { invalid, isAboutImage, type BitError } from '../errors';
import { HeldImage, type ImageInput } from '../image/input';
import { StagedImages } from '../image/staged';
import { Turns } from '../image/turns';
import type { ModelInputs } from '../models/native_input';
import type { Tensor } from '../tensor';
import type { BatchModel, BatchOptions, BatchProcessor } from './batches';
import { BATCHES_AHEAD, inOrder } from './in_order';

/**
 * What became of one image: what the model makes of it, or what is wrong with it.
 * @category Pipelines
 */
export type Settled<Result> =
  | {
      /** The image's place among those given, from 0. */
      index: number;
      /** What a call with this image alone resolves with. */
      result: Result;
      /** There is none. */
      error?: undefined;
    }
  | {
      /** The image's place among those given, from 0. */
      index: number;
      /** There is none. */
      result?: undefined;
      /** Why there is no result: ERR_BIT_IMAGE or ERR_BIT_SHAPE. */
      error: BitError;
    };

type Outcome<T> = { result: T; error?: undefined } | { result?: undefined; error: BitError };

/** Images of a batch that are read at once for a GPU: some may wait for servers. */
const READ_AT_ONCE = 16;

/** What the work on images needs. */
interface Work<Output, Result> {
  processor: BatchProcessor;
  model: BatchModel<Output>;
  options: BatchOptions;
  /** One for each image of a forward call. */
  resultsOf: (output: Output) => Result[];
}

/**
 * What became of each image, in order; images are taken as their turn comes, three batches at most
 * ahead of the one that is told.
 * @throws what is about no image, and what `images` themselves throw.
 */
export async function* settledOf<Output, Result>(
  images: Iterable<ImageInput> | AsyncIterable<ImageInput>,
  work: Work<Output, Result>,
): AsyncGenerator<Settled<Result>, void, undefined> {
  const { model, options } = work;
  const { batchSize, signal, ahead } = options;
  const onGpu = model.device !== 'cpu';
  const until = (stopped: AbortSignal) => ({ ...work, options: { ...options, signal: stopped } });
  // Those whose turn it is are read and held; the others wait for it, or for those before them.
  const together = (BATCHES_AHEAD + 1) * batchSize;
  const turns = new Turns(together);
  // On the CPU the model's own queue makes batches of calls: none waits for a slow one to be decoded.
  const outcomes = onGpu
    ? inOrder(
        batchesOf(images, batchSize),
        (batch, stopped) => runTogether(batch, until(stopped)),
        {
          ahead: ahead === undefined ? BATCHES_AHEAD : Math.ceil(ahead / batchSize),
          signal,
        },
      )
    : inOrder(
        batchesOf(images, 1),
        (batch, stopped) => turns.take(() => runEach(batch, until(stopped))),
        { ahead: ahead ?? together - 1, signal },
      );
  let index = 0;
  for await (const batch of outcomes)
    for (const outcome of batch) yield { index: index++, ...outcome };
}

/** Held as they come: whoever gives them may use the memory of one again for the next. */
async function* batchesOf(
  images: Iterable<ImageInput> | AsyncIterable<ImageInput>,
  size: number,
): AsyncGenerator<HeldImage[], void, undefined> {
  expectMany(images);
  let batch: HeldImage[] = [];
  for await (const image of images) {
    batch.push(HeldImage.of(image));
    if (batch.length < size) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

/** Text and bytes can be gone through too, but are one image. */
function expectMany(images: unknown): void {
  const isOne = typeof images !== 'object' || images === null || ArrayBuffer.isView(images);
  if (isOne || !(Symbol.iterator in images || Symbol.asyncIterator in images))
    throw invalid('ERR_BIT_IMAGE', 'images', 'a list or another iterable of images', images);
}

/** Each image in a forward call of its own. */
function runEach<Output, Result>(
  images: HeldImage[],
  { processor, model, options, resultsOf }: Work<Output, Result>,
): Promise<Outcome<Result>[]> {
  const { signal, priority, timeoutMs, imageProcessorKwargs } = options;
  const run = async (image: HeldImage) => {
    const settings = { ...imageProcessorKwargs, signal, priority, timeoutMs };
    const pixels = await processor.pixelValues(image, settings);
    return resultsOf(await model.forward(pixels, { signal, priority }))[0] as Result;
  };
  return Promise.all(images.map((image) => setAside(run(image))));
}

/** Each image is decoded for itself; those that come out alike go through the network together. */
async function runTogether<Output, Result>(
  images: HeldImage[],
  work: Work<Output, Result>,
): Promise<Outcome<Result>[]> {
  const { processor, model, options, resultsOf } = work;
  const { signal, priority, gpuDecode, timeoutMs, imageProcessorKwargs } = options;
  const settings = { ...imageProcessorKwargs, signal, priority, timeoutMs, gpuDecode };
  const turns = new Turns(READ_AT_ONCE);
  const staged = await Promise.all(
    images.map((image) => turns.take(() => setAside(processor.stage(image, settings)))),
  );
  const forward = async ({ inputs, places }: Group): Promise<Outcome<Result>[]> => {
    const { result, error } = await setAside(model.forward(inputs, { signal, priority }));
    if (result !== undefined) return resultsOf(result).map((each) => ({ result: each }));
    // With gpuDecode, the GPU says of a broken JPEG which one it is only where it is alone.
    if (error?.code !== 'ERR_BIT_IMAGE' || places.length === 1)
      return places.map(() => ({ error }) as Outcome<Result>);
    const alone = places.map((place) => runTogether([images[place] as HeldImage], work));
    return (await Promise.all(alone)).flat();
  };
  const outcomes = staged as Outcome<Result>[];
  const runGroup = async (group: Group) => {
    const results = await forward(group);
    group.places.forEach((place, row) => (outcomes[place] = results[row] as Outcome<Result>));
  };
  await Promise.all(groupsOf(staged).map(runGroup));
  return outcomes;
}

/** Images of a batch that one forward call takes, by their places in the batch. */
interface Group {
  inputs: ModelInputs;
  places: number[];
}

/** Pictures of one size together; pixel values, which are nothing for a GPU, each for itself. */
function groupsOf(staged: Outcome<StagedImages | Tensor>[]): Group[] {
  const groups = new Map<unknown, { parts: (StagedImages | Tensor)[]; places: number[] }>();
  staged.forEach(({ result }, place) => {
    if (result === undefined) return;
    const key = result instanceof StagedImages ? String(result.pictures[0]?.shape) : place;
    const group = groups.get(key) ?? { parts: [], places: [] };
    group.parts.push(result);
    group.places.push(place);
    groups.set(key, group);
  });
  return [...groups.values()].map(({ parts, places }) => ({ inputs: joined(parts), places }));
}

function joined(parts: (StagedImages | Tensor)[]): ModelInputs {
  const [first] = parts as [StagedImages | Tensor];
  if (parts.length === 1) return first;
  return new StagedImages((parts as StagedImages[]).flatMap(({ pictures }) => pictures));
}

async function setAside<T>(work: Promise<T>): Promise<Outcome<T>> {
  try {
    return { result: await work };
  } catch (error) {
    if (isAboutImage(error)) return { error };
    throw error;
  }
}
