import { CLASSIFICATION_CHECKS, divided } from '../../lib/pipelines/options';

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
