import { CLASSIFICATION_CHECKS, divided, over, withDefaults } from '../../lib/pipelines/options';

test("calls' options are defaults, but for what is of one call alone", () => {
  const { signal } = new AbortController();
  const given = { device: 'cpu', signal, priority: 3, topK: 2, batchSize: 8 };
  const { loading, defaults } = divided(given, CLASSIFICATION_CHECKS);
  expect(loading).toEqual({ device: 'cpu', signal, priority: 3 });
  expect(defaults).toEqual({ topK: 2, batchSize: 8 });
});

test.each([null, {}])('%p is nothing of both', (options) => {
  expect(divided(options, CLASSIFICATION_CHECKS)).toEqual({ loading: {}, defaults: {} });
});

test('defaults are checked', () => {
  expect(() => divided({ topK: -1 }, CLASSIFICATION_CHECKS)).toThrow(
    expect.objectContaining({ code: 'ERR_BIT_CONFIG' }) as Error,
  );
});

describe('over', () => {
  const defaults = {
    batchSize: 4,
    timeoutMs: 7,
    imageProcessorKwargs: { doResize: false, resample: 2 },
  };

  test('what a call says counts, and what is undefined says nothing', () => {
    expect(over(defaults as object, { batchSize: undefined, priority: 3 })).toEqual({
      ...defaults,
      priority: 3,
    });
    expect(over(defaults as object, { batchSize: 1 })).toEqual({ ...defaults, batchSize: 1 });
  });

  test('fields of the image processor are put together one by one', () => {
    const given = {
      imageProcessorKwargs: { doResize: true, resample: undefined, doRescale: false },
    };
    expect(over(defaults as object, given as object)).toEqual({
      ...defaults,
      imageProcessorKwargs: { doResize: true, resample: 2, doRescale: false },
    });
    expect(over({}, {})).toEqual({ imageProcessorKwargs: {} });
  });
});

test("batches get a call's options and nothing else, and a size of their own", () => {
  expect(withDefaults({})).toEqual({ batchSize: 8 });
  const { signal } = new AbortController();
  const given = { priority: 3, gpuDecode: true, timeoutMs: 7, imageProcessorKwargs: {} };
  const options = { ...given, signal, batchSize: 2, topK: 5 };
  expect(withDefaults(options)).toEqual({ ...given, signal, batchSize: 2 });
});
