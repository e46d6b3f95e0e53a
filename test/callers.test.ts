// What is rejected with shows who called, wherever it went wrong.
import { join } from 'node:path';
import { BitConfig, BitForImageClassification, BitImageProcessor, pipeline, Tensor } from '../lib';
import { BitError, Caller, forCaller } from '../lib/errors';
import { REFERENCE } from './support/reference';

const config = new BitConfig({
  embeddingSize: 8,
  hiddenSizes: [8, 16],
  depths: [1, 1],
  numGroups: 4,
});
/** Node's own; jest asks for more. */
const USUAL_FRAMES = 10;
const { stackTraceLimit } = Error;
beforeAll(() => void (Error.stackTraceLimit = USUAL_FRAMES));
afterAll(() => void (Error.stackTraceLimit = stackTraceLimit));

const NOWHERE = join(REFERENCE, 'no such folder');
const broken = Buffer.from('no picture');

/** The frames that name this file, in what a call from another line than the test's rejects with. */
async function framesOf(call: () => Promise<unknown>): Promise<string[]> {
  const error = (await call().catch((e: unknown) => e)) as BitError;
  expect(error).toMatchObject({ name: 'BitError' });
  const [head, ...lines] = (error.stack as string).split('\n');
  expect(head).toContain(error.message.split('\n')[0]);
  return lines.filter((line) => line.includes('callers.test.ts'));
}

describe('the stack of what is rejected with names the file of', () => {
  let model: BitForImageClassification;
  beforeAll(async () => (model = await BitForImageClassification.fromConfig(config)));
  afterAll(() => model.dispose());

  const processor = new BitImageProcessor();
  const small = Tensor.from(new Float32Array(5), [1, 5, 1, 1]);
  const disposed = async () => {
    const other = await BitForImageClassification.fromConfig(config);
    await other.dispose();
    return other;
  };

  test.each<[string, () => Promise<unknown>]>([
    ['forward', () => model.forward(small)],
    ['profile', () => model.profile(small)],
    ['savePretrained', () => model.savePretrained(join(__filename, 'x'))],
    ['preprocess of one image', () => processor.preprocess(broken)],
    ['preprocess of a list', () => processor.preprocess([broken, broken])],
    ['preprocess of a file', () => processor.preprocess(NOWHERE)],
    ["a processor's savePretrained", () => processor.savePretrained(join(__filename, 'x'))],
    ["a processor's fromPretrained", () => BitImageProcessor.fromPretrained(NOWHERE)],
    ['fromPretrained', () => BitForImageClassification.fromPretrained(NOWHERE)],
    ['pipeline', () => pipeline('image-classification', NOWHERE)],
  ])("%s's caller", async (_, call) => {
    expect(await framesOf(call)).not.toEqual([]);
  });

  test("forward's and stateDict's caller, when the model is gone", async () => {
    const gone = await disposed();
    expect(await framesOf(() => gone.forward(small))).not.toEqual([]);
    expect(await framesOf(() => gone.stateDict())).not.toEqual([]);
  });

  test("settled()'s caller, of what ends it and of what is set aside", async () => {
    await using classify = await pipeline('image-classification');
    const all = async (images: unknown, options?: object) => {
      for await (const each of classify.settled(images as Buffer[], options))
        if (each.error) throw each.error;
    };
    expect(await framesOf(() => all([broken]))).not.toEqual([]);
    expect(await framesOf(() => all(null))).not.toEqual([]);
    const wrong = { imageProcessorKwargs: { size: { height: -3 } } };
    expect(await framesOf(() => all([broken], wrong))).not.toEqual([]);
  });

  test("a pipeline's caller", async () => {
    await using classify = await pipeline('image-classification');
    expect(await framesOf(() => classify([broken, broken]))).not.toEqual([]);
  });
});

test("other errors than ours stay as they are: they are the caller's own, or a signal's", async () => {
  const reason = new Error('enough');
  const { stack } = reason;
  await expect(forCaller(() => Promise.reject(reason))).rejects.toBe(reason);
  expect(reason.stack).toBe(stack);
  const processor = new BitImageProcessor();
  const signal = AbortSignal.abort(reason);
  await expect(processor.preprocess(broken, { signal })).rejects.toBe(reason);
  expect(reason.stack).toBe(stack);
});

describe('frames are added', () => {
  const here = () => new Caller(here);
  const OWN = 'BitError: broken\n    at native (addon.node:1:1)';
  const shown = (stack: string | undefined) => {
    const error = new BitError('ERR_BIT_IMAGE', 'broken');
    error.stack = stack as string;
    return ((here().shownIn(error) as Error).stack as string).split('\n');
  };

  test("below the error's own, and nothing but frames", () => {
    const lines = shown(OWN);
    expect(lines.slice(0, 2)).toEqual(OWN.split('\n'));
    expect(lines.length).toBeGreaterThan(2);
    for (const line of lines.slice(1)) expect(line).toMatch(/^ {4}at /);
    const FRAME = '    at native (addon.node:1:1)';
    for (const line of shown(FRAME)) expect(line).toMatch(/^ {4}at /);
  });

  test('below its name and message where it has no stack', () => {
    const [head, ...frames] = shown(undefined);
    expect(head).toBe('BitError: broken');
    expect(frames[0]).toContain('callers.test.ts');
  });
});

test('frames are added once', () => {
  const here = () => new Caller(here);
  const caller = here();
  const error = new BitError('ERR_BIT_IMAGE', 'broken');
  error.stack = 'BitError: broken';
  caller.shownIn(error);
  const { stack } = error;
  expect(stack).toContain('callers.test.ts');
  expect((caller.shownIn(error) as Error).stack).toBe(stack);
});
