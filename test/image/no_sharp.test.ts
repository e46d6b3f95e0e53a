// Where sharp does not load: what needs it says so, and the rest works.
jest.mock('sharp', () => {
  throw new Error('Could not load the "sharp" module\nand more lines');
});
import { batch, BitImageProcessor } from '../../lib';
import { encodedPictures } from '../support/encoded';
import { bigtransfer } from '../cli/run';

const raw = { data: new Uint8Array(12), width: 2, height: 2, channels: 3 };

test('encoded pictures say what is missing and what helps; raw pixels need nothing', async () => {
  const processor = new BitImageProcessor();
  const webp = encodedPictures.find(({ name }) => name.startsWith('WebP'))?.file as Uint8Array;
  await expect(processor.preprocess(webp)).rejects.toMatchObject({
    code: 'ERR_BIT_IMAGE',
    message: expect.stringContaining('run `npm install sharp`, or pass raw pixels') as string,
    cause: expect.objectContaining({
      message: expect.stringContaining('Could not load') as string,
    }) as Error,
  });
  const { pixelValues } = await processor.preprocess(raw);
  expect(pixelValues.shape).toEqual([1, 3, 224, 224]);
});

test('jobs on raw pixels need nothing either', async () => {
  const rows = [];
  const inputs = [
    { path: 'raw', image: raw },
    { path: 'encoded', image: encodedPictures.find(({ name }) => name.startsWith('WebP'))!.file },
  ];
  for await (const row of batch({ inputs, topK: 1 })) rows.push(row);
  expect(rows).toEqual([
    { path: 'raw', predictions: [expect.anything()] },
    {
      path: 'encoded',
      error: {
        code: 'ERR_BIT_IMAGE',
        message: expect.stringContaining('run `npm install sharp`') as string,
      },
    },
  ]);
});

test('doctor tells it, and exits with 1', async () => {
  const { code, stdout } = await bigtransfer(['doctor']);
  expect(stdout).toMatch(/\nsharp +does not load\n/);
  expect(stdout).toContain(
    'problem: sharp, which decodes images, does not load: Could not load the "sharp" module\n' +
      'Run `npm install sharp`.',
  );
  expect(stdout).not.toContain('and more lines');
  expect(code).toBe(1);
  const { stdout: text } = await bigtransfer(['doctor', '--json']);
  const { sharp, problems } = JSON.parse(text) as { sharp: object; problems: string[] };
  expect(sharp).toEqual({ version: null, problem: problems[0] });
  expect(problems).toHaveLength(1);
});
