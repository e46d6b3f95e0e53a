// Ranks of one training against one process that does it alone, and what ends them all: the same everywhere.
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import {
  fineTune,
  type Dataset,
  type DistributedOptions,
  type FineTuneOptions,
  type FineTuneResult,
  type TrainingStep,
} from '../../../lib';
import { loadBinding } from '../../../lib/binding/load';
import { Peers } from '../../../lib/training/peers/peers';
import { placeOf, type PeerPlace } from '../../../lib/training/peers/place';
import { ROOT, runScript } from '../../support/child';
import { failure } from '../../support/queue';
import { allOfRanks, amongRanks, failures } from '../../support/ranks';
import { readSafetensors } from '../../support/safetensors';
import { temporaryFolder } from '../../support/temporary';
import { stripes, tinyModel } from '../../support/training';

// Without room for pictures each is read anew: those that go are noticed as in a set that is larger than memory.
jest.mock('../../../lib/training/pictures', () => {
  const actual = jest.requireActual<typeof import('../../../lib/training/pictures')>(
    '../../../lib/training/pictures',
  );
  class Pictures extends actual.Pictures {
    constructor(options: ConstructorParameters<typeof actual.Pictures>[0]) {
      super({ ...options, room: 0 });
    }
  }
  return { ...actual, Pictures };
});

const root = temporaryFolder();
let model: string;
let data: string;
let folder: string;
beforeAll(async () => {
  model = await tinyModel(root);
  data = stripes(root, { narrow: 8, wide: 8 });
});
beforeEach(() => (folder = mkdtempSync(join(root, 'run-'))));
afterEach(() => jest.restoreAllMocks());

const OPTIONS = {
  ...{ batchSize: 6, maxSteps: 6, learningRate: 0.3, evalSteps: 3, dropPathRate: 0.3 },
  ...{ report: false, threads: 1, seed: 2 },
};
type More = Partial<FineTuneOptions>;

interface End {
  steps: TrainingStep[];
  result: FineTuneResult;
}

async function run(more: More, from: string | Dataset = data): Promise<End> {
  const running = fineTune(model, from, { output: join(folder, 'out'), ...OPTIONS, ...more });
  const steps: TrainingStep[] = [];
  for await (const step of running) steps.push(step);
  return { steps, result: await running.result() };
}
const runRanks = (size: number, more: More = {}) =>
  allOfRanks(size, (distributed) => run({ ...more, distributed }));

/** Of the last checkpoint: parameters and what the optimiser remembers. */
function learnt(output: string): Map<string, Float32Array> {
  const checkpoints = join(output, 'training', 'checkpoints');
  const last = join(checkpoints, readdirSync(checkpoints).sort().at(-1) as string);
  const tensors = ['model', 'optimizer'].flatMap((name) =>
    [...readSafetensors(join(last, `${name}.safetensors`))].map(
      ([key, { data: values }]) => [`${name} ${key}`, values as Float32Array] as const,
    ),
  );
  return new Map(tensors);
}

/** The largest difference of a tensor's values, in parts of its largest. */
function difference(a: Map<string, Float32Array>, b: Map<string, Float32Array>): number {
  expect([...a.keys()]).toEqual([...b.keys()]);
  const each = [...a].map(([name, values]) => {
    const others = b.get(name) as Float32Array;
    const largest = Math.max(...values.map(Math.abs), 1e-6);
    return Math.max(...values.map((value, i) => Math.abs(value - (others[i] as number)))) / largest;
  });
  return Math.max(...each);
}

const numbers = (steps: readonly TrainingStep[]) =>
  steps.map(({ step, loss, learningRate }) => ({ step, loss, learningRate }));

describe('come to what one process comes to', () => {
  test.each<[number, string, More]>([
    [2, 'a batch in halves', {}],
    [2, 'MixUp', { mixup: 0.4 }],
    [2, 'MixUp and micro-batches', { mixup: 0.4, batchSplit: 2 }],
    [2, 'micro-batches of uneven shares', { batchSize: 5, batchSplit: 2, mixup: 0.4 }],
    [3, 'micro-batches that some have no part of', { batchSize: 4, batchSplit: 2 }],
    [3, 'a batch of one picture', { batchSize: 1, weightDecay: 0.01 }],
    [2, 'a batch larger than the data', { batchSize: 21, mixup: 0.2 }],
  ])('%d ranks: %s', async (size, _, more) => {
    const alone = await run({ ...more, output: join(folder, 'alone') });
    const [first, ...others] = (await runRanks(size, more)) as [End, ...End[]];
    expect(difference(learnt(join(folder, 'alone')), learnt(join(folder, 'out')))).toBeLessThan(
      1e-5,
    );
    for (const [i, { loss }] of alone.steps.entries())
      expect(Math.abs((first.steps[i] as TrainingStep).loss - loss)).toBeLessThan(1e-5 * loss);
    for (const other of others) {
      expect(numbers(other.steps)).toEqual(numbers(first.steps));
      expect(other.steps.map(({ evaluation }) => evaluation)).toEqual(
        first.steps.map(({ evaluation }) => evaluation),
      );
      expect(other.result).toEqual(first.result);
    }
    expect(first.result.bestStep).toBe(alone.result.bestStep);
  });

  test('and the tests would see it if they did not: other chances for dropped paths', async () => {
    await run({ output: join(folder, 'alone') });
    await run({ output: join(folder, 'other'), dropPathRate: 0.31 });
    expect(
      difference(learnt(join(folder, 'alone')), learnt(join(folder, 'other'))),
    ).toBeGreaterThan(1e-3);
  });

  test('bit by bit, whenever they do it', async () => {
    await runRanks(3, { mixup: 0.4 });
    await runRanks(3, { mixup: 0.4, output: join(folder, 'again') });
    expect(difference(learnt(join(folder, 'out')), learnt(join(folder, 'again')))).toBe(0);
  });
});

describe('left and gone on with', () => {
  const leave = async (after: number, distributed: DistributedOptions) => {
    const output = join(folder, 'parts');
    const steps = fineTune(model, data, { output, ...OPTIONS, mixup: 0.4, distributed });
    for await (const { step } of steps) if (step === after) break;
  };

  test('by all at once, they end bit by bit as if they had not been', async () => {
    await runRanks(2, { mixup: 0.4 });
    await allOfRanks(2, (distributed) => leave(2, distributed));
    const ends = await runRanks(2, { mixup: 0.4, output: join(folder, 'parts') });
    expect(ends.map(({ steps }) => steps[0]?.step)).toEqual([3, 3]);
    expect(difference(learnt(join(folder, 'out')), learnt(join(folder, 'parts')))).toBe(0);
  });

  test('by one, the others are told', async () => {
    const ends = await amongRanks(2, (distributed) =>
      leave(distributed.rank === 1 ? 2 : Infinity, distributed),
    );
    expect(failures(ends)[0]).toBe(
      'ERR_BIT_TRAINING: Rank 1: The run was left before its last step: the same call goes on from there',
    );
  });
});

describe('end together', () => {
  test('where a loss is no number: at the same step, with the same words', async () => {
    const ends = failures(
      await amongRanks(2, (distributed) =>
        run({ learningRate: 1e30, validation: null, distributed }),
      ),
    );
    expect(ends[0]).toMatch(
      /^ERR_BIT_TRAINING: The loss is (NaN|Infinity) at step \d+, at a learn/,
    );
    expect(ends[1]).toBe(ends[0]);
  });

  test('where the first finds a network that gives no numbers any more', async () => {
    const ends = failures(
      await amongRanks(2, (distributed) => run({ learningRate: 1e30, distributed })),
    );
    const told = 'The network gives no numbers any more after step 3: lower learningRate';
    expect(ends).toEqual([`ERR_BIT_TRAINING: ${told}`, `ERR_BIT_TRAINING: Rank 0: ${told}`]);
  });

  test('where one is stopped: it with its reason, and the first keeps what was learnt', async () => {
    const stop = new AbortController();
    const reason = new Error('enough');
    const taken: number[] = [];
    const ends = await amongRanks(2, async (distributed) => {
      const { signal } = stop;
      const own = distributed.rank === 1 ? { signal } : {};
      const output = join(folder, 'out');
      const options = { output, ...OPTIONS, ...own, saveSteps: 100, evalSteps: 100, distributed };
      for await (const { step } of fineTune(model, data, options)) {
        if (distributed.rank === 0) taken.push(step);
        else if (step === 3) stop.abort(reason);
      }
    });
    expect(ends[1]).toMatchObject({ status: 'rejected', reason });
    expect(failures(ends)[0]).toBe('ERR_BIT_TRAINING: Rank 1: it was stopped (enough)');
    expect(readdirSync(join(folder, 'out', 'training', 'checkpoints'))).toEqual([
      `step-0000000${taken.at(-1)}`,
    ]);
  });

  test('where one cannot read its data', async () => {
    const ends = failures(
      await amongRanks(2, (distributed) =>
        run({ distributed }, distributed.rank === 1 ? join(root, 'nowhere') : data),
      ),
    );
    expect(ends[1]).toMatch(/^ERR_BIT_CONFIG: .*nowhere/);
    expect(ends[0]).toBe(ends[1]?.replace(': ', ': Rank 1: '));
  });

  test('where they would not train the same: all name what differs', async () => {
    const ends = failures(
      await amongRanks(3, (distributed) =>
        run({ distributed, ...(distributed.rank === 2 && { seed: 7, batchSize: 4 }) }),
      ),
    );
    expect(ends[0]).toMatch(
      /^ERR_BIT_CONFIG: Rank 2 would not train the same as rank 0: batchSize: 4, and 6 at rank 0; .*seed: 7, and 2 at rank 0; examples: /,
    );
    expect(new Set(ends).size).toBe(1);
    expect(readdirSync(folder)).toEqual([]); // nothing was written
  });
});

/** As rank 1 sees it, whose file of one example is not there. */
const dataset = (isThere = true): Dataset => ({
  problemType: 'single_label_classification',
  labels: ['narrow', 'wide'],
  examples: ['narrow', 'wide'].flatMap((label, target) =>
    readdirSync(join(data, label)).map((name) => {
      const path = join(data, label, name);
      const isGone = !isThere && label === 'wide' && name === '003.ppm';
      return { path, image: isGone ? `${path}.gone` : path, target };
    }),
  ),
  problems: [],
});

test('pictures that one of them cannot read are told by all, and left out by all', async () => {
  const ends = await allOfRanks(2, (distributed) =>
    run({ distributed, validation: null }, dataset(distributed.rank === 0)),
  );
  const path = join(data, 'wide', '003.ppm');
  const message = expect.stringContaining(path) as string;
  for (const { result } of ends)
    expect(result).toMatchObject({ trainExamples: 15, problems: [{ path, message }] });
});

test('a picture that goes during the run, at one of them, is told by all', async () => {
  const own = join(folder, '003.ppm');
  const path = join(data, 'wide', '003.ppm');
  copyFileSync(path, own);
  const told = await allOfRanks(2, async (distributed) => {
    const all = dataset();
    for (const each of all.examples)
      if (each.path === path && distributed.rank === 1) each.image = own;
    const options = { ...OPTIONS, output: join(folder, 'out'), maxSteps: 20, distributed };
    const found: [number, string][] = [];
    for await (const { step, problems } of fineTune(model, all, { ...options, validation: null })) {
      for (const problem of problems) found.push([step, problem.path]);
      if (step === 2) rmSync(own, { force: true });
    }
    return found;
  });
  expect(told[0]).toEqual([[expect.any(Number), path]]);
  expect(told[1]).toEqual(told[0]);
});

test('the head alone is learnt by one process', async () => {
  const given = { output: join(folder, 'out'), headOnly: true } as const;
  const before = { ...process.env };
  Object.assign(process.env, {
    ...{ RANK: '0', WORLD_SIZE: '2', MASTER_ADDR: '127.0.0.1', MASTER_PORT: '29500' },
  });
  try {
    expect(() => fineTune(model, data, given)).toThrow(
      'headOnly runs in one process, and WORLD_SIZE says 2',
    );
  } finally {
    process.env = before;
  }
  expect(() => fineTune(model, data, { ...given, distributed: {} } as never)).toThrow(
    'distributed means nothing with headOnly',
  );
});

test('a wrong environment is told at once', () => {
  const distributed = { rank: 2, worldSize: 2, masterAddr: 'here', masterPort: 1 };
  expect(() => fineTune(model, data, { output: folder, distributed })).toThrow(
    'Expected a number below distributed.worldSize, 2, for distributed.rank but received 2',
  );
});

test('a network interface that is not there is named', async () => {
  const before = { ...process.env };
  process.env['GLOO_SOCKET_IFNAME'] = 'nowhere0';
  try {
    const ends = failures(await amongRanks(2, (distributed) => run({ distributed })));
    for (const end of ends) expect(end).toMatch(/^ERR_BIT_TRAINING: (Rank \d: )?Gloo: .*nowhere0/);
    process.env['GLOO_SOCKET_IFNAME'] = 'lo';
    await runRanks(2, { maxSteps: 1 });
  } finally {
    process.env = before;
  }
});

test('without the library for it, it says what to do, before anybody is waited for', async () => {
  const built = join(ROOT, 'build', 'Release');
  const release = join(folder, 'build', 'Release');
  mkdirSync(release, { recursive: true });
  for (const name of readdirSync(built).filter((each) => !each.includes('gloo')))
    copyFileSync(join(built, name), join(release, name));
  const told = await runScript<{ code: string; message: string }>(
    `const options = ${JSON.stringify({ output: join(folder, 'out'), ...OPTIONS })};
     bigtransfer.fineTune(${JSON.stringify(model)}, ${JSON.stringify(data)}, options).result()
       .catch(({ code, message }) => print({ code, message }));`,
    {
      env: {
        ...{ BIGTRANSFER_PREBUILD: folder, RANK: '0', WORLD_SIZE: '2' },
        ...{ MASTER_ADDR: '127.0.0.1', MASTER_PORT: '29500' },
      },
    },
  );
  expect(told.code).toBe('ERR_BIT_LIBTORCH');
  expect(told.message).toMatch(
    /^Training in several processes takes bigtransfer-gloo.so, and it does not load \(.*cannot open.*\)\. In a clone, `apt install libgloo-dev` and `npm run build:native` make it$/,
  );
});

test('on GPUs another library is needed', async () => {
  const place = placeOf({ rank: 0, worldSize: 2, masterAddr: 'x', masterPort: 1 }, {}) as PeerPlace;
  expect(await failure(Peers.join(place, 0))).toMatch(
    /^ERR_BIT_LIBTORCH: Training in several processes takes bigtransfer-nccl\.so, and it does not load/,
  );
});

test('all of them learn on GPUs, or none', async () => {
  const open = (rank: number) => ({
    ...{ address: Buffer.of(rank), dispose: jest.fn() },
    connect: () => Promise.reject(new Error('they would talk past each other')),
  });
  jest.spyOn(loadBinding(), 'checkPeers').mockReturnValue(undefined);
  jest.spyOn(loadBinding(), 'openPeers').mockImplementation(({ rank }) => open(rank));
  const ends = await amongRanks(3, (distributed) =>
    Peers.join(placeOf(distributed, {}) as PeerPlace, distributed.rank === 2 ? null : 0),
  );
  expect(failures(ends)).toEqual(
    Array(3).fill(
      'ERR_BIT_CONFIG: Rank 2 learns on a CPU and rank 0 on a GPU: give all processes the same device',
    ),
  );
});

test('one process needs no library and no others', async () => {
  expect(await failure(run({ distributed: { worldSize: 1 }, maxSteps: 1 }))).toBe(
    'nothing was thrown',
  );
  expect(readFileSync(join(folder, 'out', 'training', 'metrics.jsonl'), 'utf8')).toContain(
    '"loss"',
  );
});
