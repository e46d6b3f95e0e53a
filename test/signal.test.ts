import { onAbort, orAborted, throwIfAborted } from '../lib/signal';

const never = new Promise<number>(() => undefined);

test('gives what the work gives, and listens no more', async () => {
  const { signal } = new AbortController();
  const remove = jest.spyOn(signal, 'removeEventListener');
  expect(await orAborted(Promise.resolve(7), signal)).toBe(7);
  expect(await orAborted(Promise.resolve(8), undefined)).toBe(8);
  await expect(orAborted(Promise.reject(new Error('no')), signal)).rejects.toThrow('no');
  expect(remove).toHaveBeenCalledTimes(2);
});

test('one signal may stop hundreds, without a warning of leaks', async () => {
  const controller = new AbortController();
  const warned = jest.spyOn(process, 'emitWarning');
  const stops = Array.from({ length: 300 }, () => jest.fn());
  const leaves = stops.map((stop) => onAbort(controller.signal, stop));
  leaves[0]?.();
  controller.abort();
  expect(stops.map(({ mock }) => mock.calls.length)).toEqual([0, ...Array<number>(299).fill(1)]);
  await new Promise(setImmediate);
  expect(warned).not.toHaveBeenCalled();
});

test('gives up work that goes on, with the reason', async () => {
  const controller = new AbortController();
  const reason = new Error('enough');
  const pending = orAborted(never, controller.signal);
  controller.abort(reason);
  await expect(pending).rejects.toBe(reason);
});

test('listens for the end of the signal alone, and takes away what it added', async () => {
  const { signal } = new AbortController();
  const add = jest.spyOn(signal, 'addEventListener');
  const remove = jest.spyOn(signal, 'removeEventListener');
  await orAborted(Promise.resolve(7), signal);
  const [name, listener] = add.mock.calls[0] as unknown[];
  expect(name).toBe('abort');
  expect(remove.mock.calls).toEqual([['abort', listener]]);
});

describe('throwIfAborted', () => {
  const methods = ['throwIfAborted', 'addEventListener', 'removeEventListener'];
  const standIn = (names: string[]) =>
    Object.fromEntries(names.map((name) => [name, () => undefined])) as unknown as AbortSignal;

  test('throws the reason of a signal that has aborted, and nothing else', () => {
    const reason = new Error('enough');
    expect(() => throwIfAborted(AbortSignal.abort(reason))).toThrow(reason);
    expect(() => throwIfAborted(new AbortController().signal)).not.toThrow();
    expect(() => throwIfAborted(undefined)).not.toThrow();
  });

  test("takes another library's by what it can do", () => {
    expect(() => throwIfAborted(standIn(methods))).not.toThrow();
  });

  test.each<[string, unknown]>([
    ['null', null],
    ['a number', 3],
    ['a controller', new AbortController()],
    ...methods.map((name): [string, unknown] => [
      `what has no ${name}()`,
      standIn(methods.filter((each) => each !== name)),
    ]),
  ])('refuses %s', (_, signal) => {
    expect(() => throwIfAborted(signal as AbortSignal)).toThrow(
      expect.objectContaining({
        code: 'ERR_BIT_CONFIG',
        message: expect.stringMatching(
          /^Expected an AbortSignal for signal but received /,
        ) as string,
      }) as Error,
    );
  });
});
