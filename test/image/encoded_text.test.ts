// Pictures that are written in text, and text that is the name of a file.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { HeldImage } from '../../lib/image/input';
import { IMAGES } from '../support/pictures';
import { temporaryFolder } from '../support/temporary';

const folder = temporaryFolder();
const bytes = readFileSync(join(IMAGES, 'rgb.png'));
const readInput = (text: string) => HeldImage.of(text).read();

const refusal = (words: string) => ({
  name: 'BitError',
  code: 'ERR_BIT_IMAGE',
  message: expect.stringContaining(words) as string,
});

describe('text that is a picture', () => {
  const base64 = bytes.toString('base64');
  test.each([
    ['base64', base64],
    ['base64 in lines', base64.replace(/(.{76})/g, '$1\n')],
    ['a data: URL', `data:image/png;base64,${base64}`],
    ['a data: URL after a space', ` DATA:image/png;base64,${base64}`],
  ])('%s', async (_, text) => {
    const readable = await readInput(text);
    expect('encoded' in readable && Buffer.from(readable.encoded).equals(bytes)).toBe(true);
  });

  test('and base64 of something else is the name of a file that is not there', async () => {
    const text = Buffer.from('x'.repeat(300_000)).toString('base64');
    const error = await readInput(text).catch((reason: Error) => reason);
    expect(error).toMatchObject(refusal('no such file'));
    expect((error as Error).message.length).toBeLessThan(500);
  });

  describe('and that could be the name of a file', () => {
    // A path of two names.
    const pixels = Buffer.from('P5 8 1 255\n\0'.padEnd(19, '\xff'), 'latin1');
    const text = pixels.toString('base64');
    const [name] = text.split('/') as [string];
    const before = process.cwd();
    beforeAll(() => process.chdir(folder));
    afterAll(() => process.chdir(before));

    test('counts where nothing has this name', async () => {
      expect(await readInput(text)).toEqual({ encoded: pixels });
    });

    test('counts where the path would lead into a file', async () => {
      expect(text).toBe(`${name}/////////w==`);
      writeFileSync(name, 'some words');
      expect(await readInput(text)).toEqual({ encoded: pixels });
    });

    test('does not count where there is such a file, whatever that holds', async () => {
      const flat = Buffer.from('P5 8 1 255\n'.padEnd(19, '\0')).toString('base64');
      expect(await readInput(flat)).toEqual({ encoded: Buffer.from(flat, 'base64') });
      writeFileSync(flat, 'some words');
      await expect(readInput(flat)).rejects.toMatchObject(refusal('no picture of a known format'));
    });
  });
});
