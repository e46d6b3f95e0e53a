import { execFileSync } from 'node:child_process';
import { lstatSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LinesFile } from '../../lib/cli/lines_file';
import { runProgram } from '../support/child';
import { temporaryFolder } from '../support/temporary';

const folder = temporaryFolder();
const inFolder = (name: string) => join(folder, name);

test('the lines are there once all of them are', async () => {
  const path = inFolder('new.jsonl');
  const file = await LinesFile.create(path);
  await file.write('one');
  await file.write('two');
  expect(readdirSync(folder)).not.toContain('new.jsonl');
  await file.commit();
  await file.discard();
  expect(readFileSync(path, 'utf8')).toBe('one\ntwo\n');
  expect(file.count).toBe(2);
});

test('what is discarded leaves the old file and nothing else', async () => {
  const path = inFolder('old.jsonl');
  writeFileSync(path, 'old');
  const file = await LinesFile.create(path);
  await file.write('new');
  await file.discard();
  expect(readFileSync(path, 'utf8')).toBe('old');
  expect(readdirSync(folder).filter((name) => name.endsWith('.part'))).toEqual([]);
});

test('a link stays one, and its file gets the lines', async () => {
  writeFileSync(inFolder('target.jsonl'), 'old');
  symlinkSync('target.jsonl', inFolder('link.jsonl'));
  const file = await LinesFile.create(inFolder('link.jsonl'));
  await file.write('new');
  await file.commit();
  expect(lstatSync(inFolder('link.jsonl')).isSymbolicLink()).toBe(true);
  expect(readFileSync(inFolder('target.jsonl'), 'utf8')).toBe('new\n');
});

test('a pipe stays one, and gets the lines at once', async () => {
  const path = inFolder('pipe');
  execFileSync('mkfifo', [path]);
  const reader = runProgram('cat', [path]);
  const file = await LinesFile.create(path);
  await file.write('one');
  await file.commit();
  await file.discard();
  expect((await reader).stdout).toBe('one\n');
  expect(lstatSync(path).isFIFO()).toBe(true);
});

test('a disk that is full is told by the name of the file, and the line does not count', async () => {
  const file = await LinesFile.create('/dev/full');
  await expect(file.write('one')).rejects.toMatchObject({
    message: 'Cannot write /dev/full: no space is left there',
    code: 'ENOSPC',
    cause: expect.objectContaining({ code: 'ENOSPC' }) as Error,
  });
  expect(file.count).toBe(0);
  await file.discard();
});

test.each([
  ['no/such/folder.jsonl', /no\/such\/folder\.jsonl: there is no such folder$/],
  ['', /: it is a folder$/],
])("'%s' is refused by its own name", async (name, words) => {
  await expect(LinesFile.create(inFolder(name))).rejects.toThrow(words);
});
