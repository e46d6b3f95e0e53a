import { getEventListeners } from 'node:events';
import { JobGroup, runJob } from '../../lib/binding/job';

/** A job that ends when it is told to. */
function standIn() {
  const cancel = jest.fn();
  const ends: ((result: string) => void)[] = [];
  const promise = new Promise<string>((resolve) => ends.push(resolve));
  return { job: { promise, cancel }, cancel, resolve: (result: string) => ends[0]?.(result) };
}

test('a result is passed on, and heard of', async () => {
  const { job, resolve } = standIn();
  const arrived = jest.fn();
  const running = runJob(() => job, undefined, new JobGroup(), arrived);
  resolve('done');
  await expect(running).resolves.toBe('done');
  expect(arrived).toHaveBeenCalledWith('done');
});

test('a result that comes after the abort is heard of all the same', async () => {
  const { job, cancel, resolve } = standIn();
  const controller = new AbortController();
  const arrived = jest.fn();
  const running = runJob(() => job, controller.signal, undefined, arrived);
  controller.abort();
  await expect(running).rejects.toMatchObject({ name: 'AbortError' });
  expect(cancel).toHaveBeenCalledTimes(1);
  resolve('late');
  await job.promise;
  expect(arrived).toHaveBeenCalledWith('late');
});

describe('a signal that outlives the call has no listener of ours', () => {
  const listeners = (signal: AbortSignal) => getEventListeners(signal, 'abort').length;
  const running = async (promise: Promise<string>) => {
    const { signal } = new AbortController();
    const call = runJob(() => ({ promise, cancel: jest.fn() }), signal);
    expect(listeners(signal)).toBe(1);
    await call.catch(() => undefined);
    return signal;
  };

  test('after it has resolved', async () => {
    expect(listeners(await running(Promise.resolve('done')))).toBe(0);
  });

  test('after it has rejected', async () => {
    expect(listeners(await running(Promise.reject(new Error('no'))))).toBe(0);
  });
});

test('a group stops its jobs at once, and forgets those that have ended', async () => {
  const group = new JobGroup();
  const [ended, running] = [standIn(), standIn()];
  const first = runJob(() => ended.job, undefined, group);
  const second = runJob(() => running.job, undefined, group);
  ended.resolve('done');
  await first;
  const reason = new Error('stop');
  group.stop(reason);
  await expect(second).rejects.toBe(reason);
  expect(ended.cancel).not.toHaveBeenCalled();
  expect(running.cancel).toHaveBeenCalledTimes(1);
});

test('what cannot be started rejects', async () => {
  const start = () => {
    throw new Error('no');
  };
  await expect(runJob(start)).rejects.toThrow('no');
  const neverStarted = jest.fn();
  await expect(runJob(neverStarted, AbortSignal.abort())).rejects.toMatchObject({
    name: 'AbortError',
  });
  expect(neverStarted).not.toHaveBeenCalled();
});
