// The loop of a run: what becomes of pictures that go, and of runs that end at odd moments.
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  fineTune,
  type Dataset,
  type FineTuneOptions,
  type FineTuneResult,
  type TrainingStep,
} from '../../lib';
import { failure } from '../support/queue';
import { temporaryFolder } from '../support/temporary';
import { stripes, tinyModel } from '../support/training';

// Without room for pictures each is read anew: those that go are noticed as in a set that is larger than memory.
jest.mock('../../lib/training/pictures', () => {
  const actual = jest.requireActual<typeof import('../../lib/training/pictures')>(
    '../../lib/training/pictures',
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
let output: string;
let data: Dataset;
beforeAll(async () => (model = await tinyModel(root)));
beforeEach(() => {
  const folder = mkdtempSync(join(root, 'run-'));
  output = join(folder, 'out');
  data = dataset(stripes(folder, { narrow: 6, wide: 6 }));
});

const dataset = (folder: string): Dataset => ({
  problemType: 'single_label_classification',
  labels: ['narrow', 'wide'],
  examples: ['narrow', 'wide'].flatMap((label, target) =>
    readdirSync(join(folder, label)).map((name) => {
      const path = join(folder, label, name);
      return { path, image: path, target };
    }),
  ),
  problems: [],
});

const OPTIONS = {
  ...{ batchSize: 4, batchSplit: 2, maxSteps: 12, learningRate: 0.3, evalSteps: 4, saveSteps: 3 },
  ...{ validation: null, report: false },
};
type More = Partial<FineTuneOptions>;
const begin = (more: More = {}) => fineTune(model, data, { output, ...OPTIONS, ...more });

/** Takes steps up to the one that is named, or all. */
async function run(more: More = {}, upTo = Infinity): Promise<TrainingStep[]> {
  const steps: TrainingStep[] = [];
  for await (const step of begin(more)) {
    steps.push(step);
    if (step.step === upTo) break;
  }
  return steps;
}

const rows = (of = output) =>
  readFileSync(join(of, 'training', 'metrics.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => ({ ...(JSON.parse(line) as Record<string, unknown>), imagesPerSecond: 0 }));
const checkpoints = (of = output) => readdirSync(join(of, 'training', 'checkpoints'));

/** All that a run comes to. */
const end = (of = output) => ({
  rows: rows(of),
  best: readFileSync(join(of, 'training', 'best.json'), 'utf8'),
  model: readFileSync(join(of, 'model.safetensors'), 'base64'),
  checkpoints: checkpoints(of),
  last: readFileSync(
    join(of, 'training', 'checkpoints', checkpoints(of)[0]!, 'model.safetensors'),
    'base64',
  ),
});

describe('a picture that goes during the run', () => {
  const gone = () => data.examples[3]!;

  test('is told once, by a step and by the result; the run goes on', async () => {
    const running = begin();
    const told: [number, string][] = [];
    let result: FineTuneResult | null = null;
    for await (const { step, problems, loss } of running) {
      expect(loss).toBeGreaterThan(0);
      for (const { path } of problems) told.push([step, path]);
      if (step === 2) rmSync(gone().path);
    }
    result = await running.result();
    expect(told).toEqual([[expect.any(Number), gone().path]]);
    expect(told[0]![0]).toBeGreaterThan(2);
    expect(result.problems).toEqual([
      { path: gone().path, message: expect.stringContaining(gone().path) as string },
    ]);
    expect(result.trainExamples).toBe(12);
  });

  test('leaves the run what it would be where it is ended and gone on with', async () => {
    await run({}, 4);
    rmSync(gone().path);
    const other = `${output} in parts`;
    cpSync(output, other, { recursive: true });
    const steps = await run();
    await run({ output: other }, 5);
    await run({ output: other }, 9);
    await run({ output: other });
    expect(end(other)).toEqual(end());
    expect(steps.flatMap(({ problems }) => problems).map(({ path }) => path)).toEqual([
      gone().path,
    ]);
  });

  test('ends it where all others go too, with what was learnt until then', async () => {
    const going = async () => {
      for await (const { step } of begin({ saveSteps: 100 }))
        if (step === 5) for (const { path } of data.examples) rmSync(path);
    };
    expect(await failure(going())).toMatch(
      /^ERR_BIT_IMAGE: .* and none of the 100 pictures that were drawn in its place/,
    );
    const [kept] = checkpoints();
    expect(Number(kept?.split('-')[1])).toBeGreaterThanOrEqual(5);
    expect(rows().at(-1)?.['step' as never]).toBe(Number(kept?.split('-')[1]));
  });
});

test('pictures that could not be read when it began stay left out, so that it comes to the same', async () => {
  const { path } = data.examples[5]!;
  const whole = readFileSync(path);
  writeFileSync(path, 'broken');
  const other = `${output} in parts`;
  await run({ output: other }, 5);
  const [first] = await run();
  expect(first?.problems.map((each) => each.path)).toEqual([path]);
  writeFileSync(path, whole);
  const running = begin({ output: other });
  expect(await running.result()).toMatchObject({ trainExamples: 11, problems: [{ path }] });
  expect(end(other)).toEqual(end());
});

test('one that has taken no step yet looks at its pictures anew', async () => {
  const { path } = data.examples[5]!;
  const whole = readFileSync(path);
  writeFileSync(path, 'broken');
  const stop = new AbortController();
  const reason = new Error('enough');
  await expect(run({ signal: stop.signal, onData: () => stop.abort(reason) } as More)).rejects.toBe(
    reason,
  );
  expect(checkpoints()).toEqual([]);
  writeFileSync(path, whole);
  expect(await begin().result()).toMatchObject({ trainExamples: 12, problems: [] });
});

test('none that can be read are nothing to learn from', async () => {
  for (const { path } of data.examples) writeFileSync(path, 'broken');
  expect(await failure(begin().result())).toMatch(
    /^ERR_BIT_CONFIG: None of the pictures can be read, such as .*narrow/,
  );
});

describe('ended at an odd moment, the same call comes to the same', () => {
  const validated = () => ({ validation: data });
  let whole: ReturnType<typeof end>;
  beforeEach(async () => {
    await run({ ...validated(), output: `${output} whole` });
    whole = end(`${output} whole`);
  });
  const goOn = async () => {
    await run(validated());
    expect(end()).toEqual(whole);
  };
  const withoutEvaluationOf = (step: number) => {
    const file = join(output, 'training', 'metrics.jsonl');
    const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
    const kept = lines.filter((line) => !line.startsWith(`{"step":${step},"evaluation"`));
    expect(kept).toHaveLength(lines.length - 1);
    writeFileSync(file, `${kept.join('\n')}\n`);
  };

  test('before its first step', async () => {
    const stop = new AbortController();
    const more = { signal: stop.signal, onData: () => stop.abort(new Error('enough')) } as More;
    await expect(run({ ...validated(), ...more })).rejects.toThrow('enough');
    await goOn();
  });

  test('after a checkpoint, before its evaluation', async () => {
    await run(validated(), 4);
    withoutEvaluationOf(4);
    rmSync(join(output, 'training', 'best.json'));
    rmSync(join(output, 'model.safetensors'));
    await goOn();
  });

  test('after an evaluation, with its model in place and its row not written', async () => {
    await run(validated(), 8);
    withoutEvaluationOf(8);
    await goOn();
  });

  test('at its end, before the last evaluation', async () => {
    await run(validated());
    withoutEvaluationOf(12);
    await goOn();
  });
});

describe('the best model', () => {
  test('where nothing of the validation can be read it is the last one, and that is told', async () => {
    const path = join(root, 'nowhere.png');
    const validation = { ...data, examples: [{ path, image: path, target: 0 }] };
    expect(await begin({ validation }).result()).toMatchObject({
      bestStep: 12,
      evaluation: { examples: 0 },
      problems: [{ path }],
    });
  });

  test('a network that gives no numbers any more ends the run', async () => {
    expect(await failure(run({ validation: data, learningRate: 1e30, evalSteps: 1 }))).toMatch(
      /^ERR_BIT_TRAINING: The network gives no numbers any more after step \d+: lower learningRate/,
    );
  });

  test('what diverged takes the place of no checkpoint', async () => {
    expect(await failure(run({ learningRate: 1e30, saveSteps: 100 }))).toMatch(
      /^ERR_BIT_TRAINING: The loss is /,
    );
    expect(checkpoints()).toEqual([]);
  });
});

describe('result()', () => {
  test('takes all steps where nobody does, and once', async () => {
    const running = begin();
    const [first, second] = await Promise.all([running.result(), running.result()]);
    expect(first).toBe(second);
    expect(first).toMatchObject({ steps: 12, bestStep: 12, report: null });
    expect(rows().filter((row) => 'loss' in row)).toHaveLength(12);
  });

  test('takes none from whoever goes through them', async () => {
    const running = begin();
    const steps = running[Symbol.asyncIterator]();
    const result = running.result();
    const taken: number[] = [];
    for (let next = await steps.next(); !next.done; next = await steps.next())
      taken.push(next.value.step);
    expect(taken).toEqual(Array.from({ length: 12 }, (_, i) => i + 1));
    expect(await result).toMatchObject({ steps: 12 });
  });

  test('says that a run was left, and what ended one', async () => {
    const left = begin();
    for await (const { step } of left) if (step === 3) break;
    expect(await failure(left.result())).toBe(
      'ERR_BIT_TRAINING: The run was left before its last step: the same call goes on from there',
    );
    const failed = begin({ output: join(model, 'model.safetensors') });
    const error: unknown = await failed[Symbol.asyncIterator]()
      .next()
      .catch((each: unknown) => each);
    expect(error).toMatchObject({ code: 'ERR_BIT_OUTPUT' });
    await expect(failed.result()).rejects.toBe(error);
  });
});
