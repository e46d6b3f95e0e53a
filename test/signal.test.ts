import { orAborted } from '../lib/signal';

const never = new Promise<number>(() => undefined);

test('gives what the work gives, and listens no more', async () => {
  const { signal } = new AbortController();
  const remove = jest.spyOn(signal, 'removeEventListener');
  expect(await orAborted(Promise.resolve(7), signal)).toBe(7);
  expect(await orAborted(Promise.resolve(8), undefined)).toBe(8);
  await expect(orAborted(Promise.reject(new Error('no')), signal)).rejects.toThrow('no');
  expect(remove).toHaveBeenCalledTimes(2);
});

test('gives up work that goes on, with the reason', async () => {
  const controller = new AbortController();
  const reason = new Error('enough');
  const pending = orAborted(never, controller.signal);
  controller.abort(reason);
  await expect(pending).rejects.toBe(reason);
});
