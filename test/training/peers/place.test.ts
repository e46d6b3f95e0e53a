// Where a process stands: by options, by the environment as torchrun sets it, and what is wrong with either.
import { availableParallelism } from 'node:os';
import { localPlaceOf, placeOf, sharedThreads } from '../../../lib/training/peers/place';

const TORCHRUN = { RANK: '1', WORLD_SIZE: '3', MASTER_ADDR: 'node-0', MASTER_PORT: '29500' };
const BY_DEFAULT = { timeoutMs: 45_000, joinTimeoutMs: 300_000 };
const GIVEN = { rank: 1, worldSize: 3, masterAddr: 'node-0', masterPort: 29_500 };
const PLACE = { ...GIVEN, ...BY_DEFAULT, agentRun: null };

test('as the environment says, and as options say in place of it', () => {
  expect(placeOf(undefined, TORCHRUN)).toEqual(PLACE);
  expect(placeOf({}, TORCHRUN)).toEqual(PLACE);
  expect(placeOf({ rank: 2, timeoutMs: 9 }, TORCHRUN)).toEqual({ ...PLACE, rank: 2, timeoutMs: 9 });
  expect(placeOf(GIVEN, {})).toEqual(PLACE);
  expect(placeOf({ ...GIVEN, ...BY_DEFAULT }, { RANK: 'x' })).toEqual(PLACE);
});

test('a port that torchrun’s own store has is told from one that is free', () => {
  const agents = { ...TORCHRUN, TORCHELASTIC_USE_AGENT_STORE: 'True', TORCHELASTIC_RUN_ID: 'a' };
  expect(placeOf(undefined, agents)).toEqual({ ...PLACE, agentRun: 'a/0' });
  const again = { ...agents, TORCHELASTIC_RESTART_COUNT: '2' };
  expect(placeOf({ rank: 2 }, again)).toEqual({ ...PLACE, rank: 2, agentRun: 'a/2' });
  const own = { ...agents, TORCHELASTIC_USE_AGENT_STORE: 'False' };
  expect(placeOf(undefined, own)).toEqual(PLACE);
  expect(placeOf({ masterPort: 7 }, agents)).toEqual({ ...PLACE, masterPort: 7 });
});

test('one process is a run like any other, and null is one whatever the environment says', () => {
  expect(placeOf(undefined, {})).toBeNull();
  expect(placeOf({ timeoutMs: 5 }, {})).toBeNull();
  expect(placeOf(undefined, { RANK: '0' })).toBeNull();
  expect(placeOf(undefined, { WORLD_SIZE: '1' })).toBeNull();
  expect(placeOf({ worldSize: 1 }, TORCHRUN)).toBeNull();
  expect(placeOf(null, TORCHRUN)).toBeNull();
});

test('rank 0 may take any port', () => {
  const first = { rank: 0, worldSize: 2, masterAddr: 'localhost', masterPort: 0 };
  expect(placeOf(first, {})).toMatchObject(first);
  expect(() => placeOf({ ...first, rank: 1 }, {})).toThrow(
    'Expected the port of rank 0 for distributed.masterPort but received 0',
  );
});

test.each([
  [{ WORLD_SIZE: 'two' }, "a positive integer for WORLD_SIZE but received 'two'"],
  [{ WORLD_SIZE: '0' }, 'a positive integer for WORLD_SIZE but received 0'],
  [{ WORLD_SIZE: '' }, "a positive integer for WORLD_SIZE but received ''"],
  [{ RANK: '3' }, 'a number below WORLD_SIZE, 3, for RANK but received 3'],
  [{ RANK: '-1' }, "an integer, 0 or more for RANK but received '-1'"],
  [{ RANK: undefined }, 'for RANK, which torchrun sets, but received undefined'],
  [{ MASTER_ADDR: undefined }, 'for MASTER_ADDR, which torchrun sets, but received undefined'],
  [{ MASTER_ADDR: '' }, "the name or address of a machine for MASTER_ADDR but received ''"],
  [{ MASTER_PORT: 'http' }, "a port from 0 to 65535 for MASTER_PORT but received 'http'"],
  [{ MASTER_PORT: '70000' }, 'a port from 0 to 65535 for MASTER_PORT but received 70000'],
  [{ MASTER_PORT: undefined }, 'for MASTER_PORT, which torchrun sets, but received undefined'],
])('a wrong variable is named: %p', (wrong, message) => {
  const work = () => placeOf(undefined, { ...TORCHRUN, ...wrong });
  expect(work).toThrow(message);
  expect(work).toThrow(expect.objectContaining({ code: 'ERR_BIT_CONFIG' }));
});

test.each([
  [{ rank: 1.5 }, 'an integer, 0 or more for rank but received 1.5'],
  [{ rank: 5 }, 'a number below WORLD_SIZE, 3, for distributed.rank but received 5'],
  [{ timeoutMs: 0 }, 'a positive number for timeoutMs but received 0'],
  [{ ranks: 2 }, "Unknown option 'ranks' (did you mean 'rank'?)"],
])('a wrong option is named: %p', (wrong, message) => {
  expect(() => placeOf(wrong as never, TORCHRUN)).toThrow(message);
});

test('threads are shared out among the processes of this machine', () => {
  expect(sharedThreads({})).toBeUndefined();
  expect(sharedThreads({ LOCAL_WORLD_SIZE: '1' })).toBe(availableParallelism());
  expect(sharedThreads({ LOCAL_WORLD_SIZE: '1000000' })).toBe(1);
  expect(() => sharedThreads({ LOCAL_WORLD_SIZE: 'all' })).toThrow(
    "Expected a positive integer for LOCAL_WORLD_SIZE but received 'all'",
  );
});

test('the number of a process on its machine is for several alone', () => {
  const local = { LOCAL_RANK: '2', LOCAL_WORLD_SIZE: '4' };
  const alone = { localRank: 0, localWorldSize: 1 };
  expect(localPlaceOf(undefined, { ...TORCHRUN, ...local })).toEqual({
    localRank: 2,
    localWorldSize: 4,
  });
  const given = { localRank: 0, localWorldSize: 2 };
  expect(localPlaceOf(given, { ...TORCHRUN, ...local })).toEqual(given);
  expect(localPlaceOf(undefined, TORCHRUN)).toEqual(alone);
  expect(localPlaceOf(undefined, local)).toEqual(alone);
  expect(localPlaceOf(null, { ...TORCHRUN, ...local })).toEqual(alone);
  expect(() => localPlaceOf(undefined, { ...TORCHRUN, LOCAL_RANK: 'x' })).toThrow(
    "Expected an integer, 0 or more for LOCAL_RANK but received 'x'",
  );
});
