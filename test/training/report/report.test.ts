// Pages of runs and of evaluations, written by those themselves.
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import {
  evaluate,
  fineTune,
  type Dataset,
  type FineTuneOptions,
  type HeadOptions,
  type TrainingData,
} from '../../../lib';
import { bigtransfer } from '../../cli/run';
import { failure } from '../../support/queue';
import { temporaryFolder } from '../../support/temporary';
import { stripes, tinyModel } from '../../support/training';

const folder = temporaryFolder();
let model: string;
let data: string;
let output: string;
let report: string;

beforeAll(async () => {
  model = await tinyModel(folder);
  data = stripes(folder, { narrow: 12, wide: 12, '<b>wider': 8 });
});
beforeEach(() => {
  output = join(mkdtempSync(join(folder, 'run-')), 'out');
  report = join(output, 'training', 'report.html');
});

const run = (options: Partial<FineTuneOptions> = {}, of: string | Dataset = data) =>
  fineTune(model, of, {
    ...{ output, batchSize: 8, maxSteps: 4, evalSteps: 2, trainValSplit: 0.25 },
    ...options,
  }).result();

/** Titles of charts and sections, and facts by their names. */
function read(path: string) {
  const page = readFileSync(path, 'utf8');
  const [, charts = ''] = /const charts = (.*?\]);/.exec(page) ?? [];
  const facts = [...page.matchAll(/<dt>(.*?)<\/dt><dd>(.*?)<\/dd>/g)];
  return {
    page,
    charts: (JSON.parse(charts) as { title: string }[]).map(({ title }) => title),
    sections: [...page.matchAll(/<h2>(.*?)<\/h2>/g)].map(([, title]) => title!),
    facts: Object.fromEntries(facts.map(([, name, value]) => [name!, value!])),
  };
}

test('a run leaves a page of how it went and of what its model takes for what', async () => {
  const broken = join(data, 'wide', '999.ppm');
  writeFileSync(broken, 'broken');
  const result = await run().finally(() => rmSync(broken));
  expect(result.report).toBe(report);
  const { page, charts, sections, facts } = read(report);
  expect(charts).toEqual([
    'Loss',
    'Learning rate',
    'Validation',
    expect.stringMatching(/^Calibration: expected error \d/),
    'How sure it is',
    'Examples to learn from',
  ]);
  expect(sections.filter((title) => title !== 'The worst mistakes')).toEqual([
    'Confusion matrix',
    'Classes, the worst first',
    'Left out: 1 example',
  ]);
  const { evaluation } = result;
  if (evaluation?.problemType !== 'single_label_classification') throw new Error('of classes');
  expect(page.match(/<figure><span>/g) ?? []).toHaveLength(evaluation.mistakes.length);
  expect(facts).toMatchObject({
    'Learned from': `${result.trainExamples} examples of 3 classes`,
    Balance: '6 of &lt;b&gt;wider to 9 of wide, 1.5 times as many',
    'Validated on': `${evaluation.examples} examples`,
    Accuracy: expect.stringContaining(
      `${(100 * evaluation.accuracy!).toFixed(1)} % (95 %: `,
    ) as string,
    'Begun from': model,
    Recipe: expect.stringContaining('batches of 8, ') as string,
  });
  expect(facts['Steps']).toMatch(result.bestStep === 4 ? /^4$/ : /^4; .* of step 2$/);
  expect(page).toContain(`<td>${broken}</td>`);
  expect(page).not.toContain('<b>wider');
  expect(Buffer.byteLength(page)).toBeLessThan(2_000_000);
});

test('without a validation there are curves, and nothing of what was not measured', async () => {
  const result = await run({ validation: null });
  const { charts, sections, facts } = read(report);
  expect(result.evaluation).toBeNull();
  expect(charts).toEqual(['Loss', 'Learning rate', 'Examples to learn from']);
  expect(sections).toEqual([]);
  expect(facts).not.toHaveProperty('Accuracy');
});

test('none where none is asked for', async () => {
  expect(await run({ report: false })).toMatchObject({ report: null, steps: 4 });
  expect(existsSync(report)).toBe(false);
  // The same run writes one later.
  expect((await run()).report).toBe(report);
  expect(read(report).charts).toContain('Loss');
});

test('where it cannot be written that is told, and the model stays', async () => {
  await run({ maxSteps: 2, report: false });
  const before = readFileSync(join(output, 'model.safetensors'));
  mkdirSync(report);
  expect(await failure(run({ maxSteps: 2 }))).toBe(
    `ERR_BIT_OUTPUT: Cannot write ${report}: it is a folder`,
  );
  expect(readFileSync(join(output, 'model.safetensors')).equals(before)).toBe(true);
  expect((await run({ maxSteps: 2, report: false })).steps).toBe(2);
});

test('its signal ends it, and the same call writes it', async () => {
  const stop = new AbortController();
  const reason = new Error('enough');
  const running = fineTune(model, data, { output, batchSize: 8, maxSteps: 2, signal: stop.signal });
  const going = async () => {
    for await (const { step } of running) if (step === 2) stop.abort(reason);
  };
  await expect(going()).rejects.toBe(reason);
  expect(existsSync(report)).toBe(false);
  const { report: written } = await fineTune(model, data, {
    output,
    batchSize: 8,
    maxSteps: 2,
  }).result();
  expect(written).toBe(report);
});

test('random weights are no model’s', async () => {
  await run({ fromScratch: true });
  expect(read(report).facts['Begun from']).toBe(`${model} with random weights`);
});

test.each(['multi_label_classification', 'regression'] as const)('of %s', async (problemType) => {
  const rows = ['narrow', 'wide'].flatMap((label, at) =>
    Array.from({ length: 12 }, (_, i) => ({
      path: join(data, label, `${String(i).padStart(3, '0')}.ppm`),
      label: problemType === 'regression' ? [at, i / 10] : [label, 'striped'],
    })),
  );
  const table = join(folder, `${problemType}.jsonl`);
  writeFileSync(table, rows.map((row) => JSON.stringify(row)).join('\n'));
  await run({ problemType, learningRate: 1e-3 }, table);
  const { sections, facts, page } = read(report);
  if (problemType === 'regression') {
    expect(sections).toEqual(['Values, the worst first', 'The worst mistakes']);
    expect(facts['Learned from']).toBe('18 examples');
    expect(page.match(/<figure><span>/g)).toHaveLength(6);
  } else {
    expect(sections[0]).toBe('Labels, the worst first');
    expect(facts).toHaveProperty('Mean average precision');
  }
});

test('the data are told before the first step', async () => {
  const told: TrainingData[] = [];
  const options = { report: false, onData: (each: TrainingData) => told.push(each) };
  const running = fineTune(model, data, { output, batchSize: 8, maxSteps: 2, ...options });
  for await (const { step } of running) if (step === 1) expect(told).toHaveLength(1);
  expect(told).toEqual([
    {
      problemType: 'single_label_classification',
      trainExamples: 27,
      validationExamples: 5,
      classes: [
        { label: '<b>wider', count: 7 },
        { label: 'narrow', count: 10 },
        { label: 'wide', count: 10 },
      ],
    },
  ]);
});

describe('of a head alone', () => {
  const runHead = (options: Partial<HeadOptions> = {}) =>
    fineTune(model, data, { output, headOnly: true, trainValSplit: 0.25, ...options }).result();

  test('the page has its strengths, and what its model takes for what', async () => {
    const broken = join(data, 'wide', '999.ppm');
    writeFileSync(broken, 'broken');
    // So strongly held to zero, it is not always right.
    const given = { strength: 1e4, validation: data };
    const result = await runHead(given).finally(() => rmSync(broken));
    expect(result.report).toBe(report);
    const { page, charts, sections, facts } = read(report);
    expect(charts).toEqual([
      expect.stringMatching(/^Calibration: expected error \d/),
      'How sure it is',
      'Examples to learn from',
    ]);
    expect(sections).toEqual([
      'Confusion matrix',
      'Classes, the worst first',
      'The worst mistakes',
      `Left out: ${result.problems.length} examples`,
    ]);
    const { evaluation } = result;
    if (evaluation?.problemType !== 'single_label_classification') throw new Error('of classes');
    expect(evaluation.mistakes.length).toBeGreaterThan(0);
    expect(page.match(/<figure><span>/g)).toHaveLength(evaluation.mistakes.length);
    const shown = [...page.matchAll(/<small>(.*?)<\/small>/g)].map(([, path]) => path);
    const escaped = evaluation.mistakes.map(({ path }) =>
      path.replace('<', '&lt;').replace('>', '&gt;'),
    );
    expect(shown).toEqual(escaped);
    expect(facts).toMatchObject({
      'Learned from': '32 examples of 3 classes',
      Balance: '8 of &lt;b&gt;wider to 12 of wide, 1.5 times as many',
      'Validated on': '32 examples',
      Accuracy: expect.stringContaining(
        `${(100 * evaluation.accuracy!).toFixed(1)} % (95 %: `,
      ) as string,
      'Begun from': model,
      Strength: '10000, as given',
      Recipe: 'features of pictures of 24 × 24 pixels, seed 0',
    });
    expect(page).toContain(`<h1>Fine-tuning of the head of ${output}</h1>`);
    expect(page).toContain(`<td>${broken}</td>`);
    expect(page).not.toContain('<b>wider');
  });

  test('without a validation there is what was chosen and by what, and nothing else', async () => {
    const { strength, strengths, evaluation } = await runHead({ validation: null });
    expect(evaluation).toBeNull();
    const { page, charts, sections, facts } = read(report);
    expect(charts).toEqual(['Loss by strength', 'Accuracy by strength', 'Examples to learn from']);
    expect(sections).toEqual([]);
    expect(Object.keys(facts)).toEqual([
      ...['Learned from', 'Balance', 'Begun from', 'Strength', 'Recipe'],
    ]);
    const { loss, accuracy } = strengths.find((each) => each.strength === strength)!;
    const [, shown, folds, least, right] =
      /^(\S+), which .* on (\d) folds: loss (\S+), accuracy (\S+) %$/.exec(facts['Strength']!)!;
    expect([shown, folds, least].map(Number)).toEqual([
      ...[Number(strength.toPrecision(3)), 5, Number(loss.toPrecision(4))],
    ]);
    expect(right).toBe((100 * accuracy!).toFixed(1));
    const losses = strengths.map((each) => Number(each.loss.toPrecision(5))).reverse();
    expect(page).toContain(`"name":"cross-validation","values":${JSON.stringify(losses)}`);
  });

  test('an example of each class has the default', async () => {
    await runHead({ examplesPerClass: 1, validation: null });
    const { charts, facts } = read(report);
    expect(charts).toEqual(['Examples to learn from']);
    expect(facts['Strength']).toMatch(/^1, the default: /);
  });

  test('none where none is asked for, and the model stays where it cannot be written', async () => {
    expect(await runHead({ report: false })).toMatchObject({ report: null, trainExamples: 24 });
    expect(existsSync(report)).toBe(false);
    const before = readFileSync(join(output, 'model.safetensors'));
    mkdirSync(report);
    expect(await failure(runHead())).toBe(`ERR_BIT_OUTPUT: Cannot write ${report}: it is a folder`);
    expect(readFileSync(join(output, 'model.safetensors')).equals(before)).toBe(true);
    rmdirSync(report);
    expect((await runHead()).report).toBe(report);
  });

  test('its signal ends it, and the same call writes it', async () => {
    const stop = new AbortController();
    const reason = new Error('enough');
    const running = fineTune(model, data, { output, headOnly: true, signal: stop.signal });
    const going = async () => {
      for await (const { phase } of running) if (phase === 'head') stop.abort(reason);
    };
    await expect(going()).rejects.toBe(reason);
    expect(existsSync(report)).toBe(false);
    const again = await fineTune(model, data, { output, headOnly: true }).result();
    expect([again.report, existsSync(report)]).toEqual([report, true]);
  });
});

describe('of an evaluation', () => {
  test('a page is written where it is asked for', async () => {
    await run({ report: false });
    const path = join(output, 'page.html');
    const result = await evaluate(output, data, { report: path, mistakes: 2 });
    const { page, charts, sections, facts } = read(path);
    expect(charts).toEqual([expect.stringContaining('Calibration'), 'How sure it is']);
    expect(sections).toContain('Confusion matrix');
    expect(facts['Measured on']).toBe(`32 examples of ${data}`);
    expect(page).toContain(`<h1>Evaluation of ${output}</h1>`);
    expect(page.match(/<figure><span>/g) ?? []).toHaveLength(result.mistakes.length);
  });

  test('a place where none can be written is told before anything is measured', async () => {
    const path = join(folder, 'nowhere', 'page.html');
    const onExample = jest.fn();
    expect(await failure(evaluate(model, data, { report: path, onExample }))).toBe(
      `ERR_BIT_OUTPUT: Cannot write ${path}: there is no such folder`,
    );
    expect(onExample).not.toHaveBeenCalled();
  });
});

describe('on the command line', () => {
  const finetune = (...more: string[]) =>
    bigtransfer([
      ...['finetune', data, '--model', model, '--out', output, '--batch-size', '8'],
      ...['--max-steps', '2', ...more],
    ]);

  test('finetune says what there is to learn from, and where its page is', async () => {
    const { code, stderr } = await finetune();
    expect(code).toBe(0);
    expect(stderr).toMatch(/^27 examples of 3 classes, 7 to 10 each; 5 to validate on\n/);
    expect(stderr).toContain(`report: ${report}\n`);
    expect(existsSync(report)).toBe(true);
  });

  test('--no-report writes none, and --json says so', async () => {
    const { code, stdout, stderr } = await finetune(
      '--no-report',
      '--json',
      '--validation-dir',
      data,
    );
    expect([code, stderr]).toEqual([0, '']);
    expect(JSON.parse(stdout)).toMatchObject({ report: null, trainExamples: 32 });
    expect(existsSync(report)).toBe(false);
  });

  test('evaluate writes one to --report', async () => {
    await run({ report: false, maxSteps: 2 });
    const path = join(output, 'page.html');
    const { code } = await bigtransfer(['evaluate', output, data, '--report', path]);
    expect(code).toBe(0);
    expect(read(path).sections).toContain('Confusion matrix');
  });
});
