import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hubCacheDir, hubEndpoint, hubToken, isOffline } from '../../lib/hub/environment';
import { temporaryFolder } from '../support/temporary';

const folder = temporaryFolder();
const before = { ...process.env };
beforeEach(() => {
  for (const name of Object.keys(process.env))
    if (/^(HF|HUGGING|TRANSFORMERS)_/.test(name)) delete process.env[name];
  process.env['HF_HOME'] = folder;
});
afterEach(() => (process.env = { ...before }));

test.each([
  ['1', true],
  ['ON', true],
  ['yes', true],
  ['True', true],
  ['', false],
  ['0', false],
  ['10', false],
  ['no1', false],
])("HF_HUB_OFFLINE='%s' means %p, as Python's hub reads it", (value, offline) => {
  process.env['HF_HUB_OFFLINE'] = value;
  expect(isOffline({})).toBe(offline);
});

test('offline is what the option says, else HF_HUB_OFFLINE, else TRANSFORMERS_OFFLINE', () => {
  expect(isOffline({})).toBe(false);
  process.env['TRANSFORMERS_OFFLINE'] = '1';
  expect(isOffline({})).toBe(true);
  process.env['HF_HUB_OFFLINE'] = '';
  expect(isOffline({})).toBe(true); // as Python's `or` has it
  process.env['HF_HUB_OFFLINE'] = '0';
  expect(isOffline({})).toBe(false);
  expect(isOffline({ localFilesOnly: true })).toBe(true);
});

test.each([
  [undefined, 'https://huggingface.co'],
  ['', 'https://huggingface.co'],
  ['https://mirror.example', 'https://mirror.example'],
  ['https://mirror.example/hub//', 'https://mirror.example/hub'],
])('HF_ENDPOINT=%p leads to %s', (value, endpoint) => {
  if (value !== undefined) process.env['HF_ENDPOINT'] = value;
  expect(hubEndpoint()).toBe(endpoint);
});

test('the cache is what the option says, else the variables in their order', () => {
  expect(hubCacheDir()).toBe(join(folder, 'hub'));
  process.env['HUGGINGFACE_HUB_CACHE'] = '/older';
  expect(hubCacheDir({ cacheDir: '' })).toBe('/older');
  process.env['HF_HUB_CACHE'] = '/newer';
  expect(hubCacheDir()).toBe('/newer');
  expect(hubCacheDir({ cacheDir: 'here' })).toBe('here');
});

describe('the token', () => {
  const save = (name: string, text: string) => writeFileSync(join(folder, name), text);

  test('of the saved file is what stands in it, without space around', () => {
    expect(hubToken({})).toBeNull();
    save('token', '\n hf_saved \n');
    expect(hubToken({})).toBe('hf_saved');
    save('token', ' \n');
    expect(hubToken({})).toBeNull();
    save('other', 'hf_other\n');
    process.env['HF_TOKEN_PATH'] = join(folder, 'other');
    expect(hubToken({})).toBe('hf_other');
  });

  test('of the environment counts before the file, and the option before both', () => {
    save('token', 'hf_saved');
    process.env['HUGGING_FACE_HUB_TOKEN'] = 'hf_older';
    expect(hubToken({})).toBe('hf_older');
    process.env['HF_TOKEN'] = ' hf_newer\n';
    expect(hubToken({ token: '' })).toBe('hf_newer');
    process.env['HF_TOKEN'] = '';
    expect(hubToken({})).toBe('hf_older');
    process.env['HF_TOKEN'] = ' ';
    expect(hubToken({})).toBe('hf_saved');
    expect(hubToken({ token: 'hf_option' })).toBe('hf_option');
  });

  test('of the option is the only one where none is to be implied', () => {
    save('token', 'hf_saved');
    process.env['HF_TOKEN'] = 'hf_newer';
    process.env['HF_HUB_DISABLE_IMPLICIT_TOKEN'] = 'true';
    expect(hubToken({})).toBeNull();
    expect(hubToken({ token: 'hf_option' })).toBe('hf_option');
    process.env['HF_HUB_DISABLE_IMPLICIT_TOKEN'] = '0';
    expect(hubToken({})).toBe('hf_newer');
  });
});
