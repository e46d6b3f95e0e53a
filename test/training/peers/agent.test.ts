// How processes of torchrun meet: rank 0 tells its port by the agent's store, for each training anew.
import type { AgentStoreRequest } from '../../../lib/binding/training_types';
import { throughAgent } from '../../../lib/training/peers/agent';

const store = new Map<string, string>();
const asked: AgentStoreRequest[] = [];
const cancel = jest.fn();
jest.mock('../../../lib/binding/load', () => ({
  loadBinding: () => ({
    putInAgentStore: (request: AgentStoreRequest, value: string) => {
      asked.push(request);
      store.set(request.key, value);
      return Promise.resolve();
    },
    takeFromAgentStore: (request: AgentStoreRequest) => {
      asked.push(request);
      const value = store.get(request.key);
      const promise = value === undefined ? new Promise(() => {}) : Promise.resolve(value);
      return { promise, cancel };
    },
  }),
}));

const PLACE = {
  ...{ worldSize: 2, masterAddr: 'node-0', masterPort: 29_500, agentRun: 'job/1' },
  ...{ timeoutMs: 5, joinTimeoutMs: 7 },
};

test('without an agent they meet where it was said', async () => {
  const place = { ...PLACE, rank: 1, agentRun: null };
  expect(await throughAgent(place)).toBe(place);
  expect(asked).toEqual([]);
});

test('rank 0 listens anywhere and tells where; the others go there; and so for each training', async () => {
  const told: number[] = [];
  for (const port of [4711, 4712]) {
    const onListening = (at: number) => void told.push(at);
    const first = await throughAgent({ ...PLACE, rank: 0, onListening });
    expect(first).toMatchObject({ rank: 0, masterAddr: 'node-0', masterPort: 0 });
    await first.onListening?.(port);
  }
  expect(told).toEqual([4711, 4712]);
  const keys = asked.map(({ key }) => key);
  expect(keys).toEqual(['bigtransfer/job/1/0', 'bigtransfer/job/1/1']);
  expect(asked[0]).toEqual({ host: 'node-0', port: 29_500, key: keys[0], timeoutMs: 7 });
  // Another process counts for itself.
  await jest.isolateModulesAsync(async () => {
    const other = jest.requireActual<typeof import('../../../lib/training/peers/agent')>(
      '../../../lib/training/peers/agent',
    );
    for (const masterPort of [4711, 4712])
      expect(await other.throughAgent({ ...PLACE, rank: 1 })).toMatchObject({
        rank: 1,
        masterPort,
      });
  });
});

test('a signal ends the wait', async () => {
  const stop = new AbortController();
  const waiting = throughAgent({ ...PLACE, rank: 1, agentRun: 'other' }, stop.signal);
  stop.abort(new Error('enough'));
  await expect(waiting).rejects.toThrow('enough');
  expect(cancel).toHaveBeenCalled();
});
