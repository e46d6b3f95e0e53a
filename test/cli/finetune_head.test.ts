// `bigtransfer finetune --head-only`: what it prints, and what it refuses.
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '../support/temporary';
import { stripes, tinyModel } from '../support/training';
import { bigtransfer } from './run';

const folder = temporaryFolder();
let model: string;
let data: string;
let out: string;

beforeAll(async () => {
  model = await tinyModel(folder);
  data = stripes(folder, { narrow: 10, wide: 10 });
});
beforeEach(() => (out = join(mkdtempSync(join(folder, 'run-')), 'out')));

const reportOf = () => join(out, 'training', 'report.html');
const finetune = (...flags: string[]) =>
  bigtransfer(['finetune', data, '--model', model, '--out', out, '--head-only', ...flags]);

test('says what came of it in a line, and the strength on standard error', async () => {
  const { code, stdout, stderr } = await finetune('--seed', '3', '--train-val-split', '0.3');
  expect(code).toBe(0);
  expect(stdout).toMatch(
    /^.*out: a head from 14 examples, strength [\d.e-]+, cross-validated accuracy \d+\.\d %, accuracy \d+\.\d % .*, loss [\d.e-]+\n$/,
  );
  expect(stderr).toMatch(
    /^14 examples of 2 classes, 7 each; 6 to validate on\nstrength [\d.e-]+, loss [\d.e-]+\nreport: (.*)\n$/,
  );
  expect(stderr).toContain(`report: ${reportOf()}\n`);
  for (const file of [join(out, 'model.safetensors'), reportOf()])
    expect(existsSync(file)).toBe(true);
});

test('what cannot be read is noted, and --no-report writes none', async () => {
  const broken = join(data, 'wide', 'broken.png');
  writeFileSync(broken, 'broken');
  try {
    const { code, stderr } = await finetune('--no-report', '--strength', '1');
    expect(code).toBe(0);
    expect(stderr).toMatch(/^left out: .*broken\.png/m);
    expect(stderr).not.toContain('report');
    expect(existsSync(reportOf())).toBe(false);
  } finally {
    rmSync(broken);
  }
});

test('a strength that is given is taken', async () => {
  const { code, stdout } = await finetune('--strength', '0.5', '--examples-per-class', '2');
  expect(code).toBe(0);
  expect(stdout).toContain('a head from 4 examples, strength 0.5, accuracy');
});

test('--json ends in the document alone', async () => {
  const { code, stdout, stderr } = await finetune('--json');
  expect([code, stderr]).toEqual([0, '']);
  const document = JSON.parse(stdout) as Record<string, unknown>;
  expect(document).toMatchObject({
    ...{ output: out, trainExamples: 16, problems: [], report: reportOf() },
  });
  expect(document['strengths']).toContainEqual(
    expect.objectContaining({ strength: document['strength'] }),
  );
  expect(document['perClass']).toHaveLength(2);
  expect(document['accuracy']).toBeGreaterThanOrEqual(0);
  expect(document).not.toHaveProperty('evaluation');
});

test.each([
  [['--batch-size', '4'], "'--head-only' cannot be used with option '--batch-size"],
  [['--max-steps', '4'], "'--head-only' cannot be used with option '--max-steps"],
  [['--preset', 'paper'], "'--head-only' cannot be used with option '--preset"],
  [['--strength', '0'], '--strength'],
])('wrong usage ends with 2: %p', async (flags, message) => {
  const { code, stderr } = await finetune(...flags);
  expect(code).toBe(2);
  expect(stderr).toContain(message);
  expect(existsSync(out)).toBe(false);
});

test('--strength without --head-only is wrong usage too', async () => {
  const command = ['finetune', data, '--model', model, '--out', out, '--strength', '1'];
  const { code, stderr } = await bigtransfer(command);
  expect([code, stderr]).toEqual([2, expect.stringContaining('--strength is for --head-only')]);
});
