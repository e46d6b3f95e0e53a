// Which pip is asked, how, and what it says when it fails.
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type PipWheel, pipDownload } from '../../lib/libtorch/pip';
import { runProgram } from '../support/child';
import { temporaryFolder } from '../support/temporary';
import { stubPython, zip } from './fake';

const posix = process.platform === 'win32' ? describe.skip : describe;
const folder = temporaryFolder();
const before = process.env['PATH'];
const TORCH: PipWheel = {
  requirement: 'torch===2.14.1',
  file: 'torch-2.14.1-cp311-cp311-manylinux_2_28_x86_64.whl',
};
const CUFFT: PipWheel = {
  requirement: 'nvidia-cufft===12.0.0.61',
  file: 'nvidia_cufft-12.0.0.61-py3-none-manylinux2014_x86_64.manylinux_2_17_x86_64.whl',
};
/** For the same platforms. */
const CUFILE: PipWheel = {
  requirement: 'nvidia-cufile===1.15.1.6',
  file: CUFFT.file.replace('cufft-12.0.0.61', 'cufile-1.15.1.6'),
};
let bin: string;
let count = 0;

beforeEach(() => (bin = join(folder, `bin ${count++}`)));
afterEach(() => (process.env['PATH'] = before));

const python = (script: string) => (process.env['PATH'] = stubPython(bin, script));

posix('pip', () => {
  test('is given all wheels and what they are for', async () => {
    python(`echo "$@" > '${join(bin, 'arguments')}'`);
    expect(await pipDownload('/into here', [TORCH, CUFFT, CUFILE])).toBe('python3 -m pip download');
    expect(readFileSync(join(bin, 'arguments'), 'utf8').trim()).toBe(
      '-m pip download --no-deps --only-binary=:all: --extra-index-url ' +
        'https://download.pytorch.org/whl/cpu --python-version 3.11 --implementation cp --abi cp311 ' +
        '--platform manylinux_2_28_x86_64 --platform manylinux2014_x86_64 ' +
        '--platform manylinux_2_17_x86_64 --retries 0 --timeout 30 --no-input ' +
        '--disable-pip-version-check --progress-bar off torch===2.14.1 nvidia-cufft===12.0.0.61 ' +
        'nvidia-cufile===1.15.1.6 -d /into here',
    );
  });

  test('its last error is what is told, else its last line, else its exit code', async () => {
    const failure = () => pipDownload('/x', [TORCH]).catch((error: Error) => error.message);
    python('echo ERROR: first; echo "  ERROR: last  "; echo done >&2; exit 1');
    expect(await failure()).toBe('python3 -m pip download: ERROR: last');
    python('echo out of paper >&2; echo; exit 1');
    expect(await failure()).toBe('python3 -m pip download: out of paper');
    python('exit 3');
    expect(await failure()).toBe('python3 -m pip download: exit code 3');
  });

  test('where Python has none, others are tried', async () => {
    python('echo "/usr/bin/python3: No module named pip" >&2; exit 1');
    await expect(pipDownload('/x', [TORCH])).rejects.toThrow('pip download: there is no pip here');
    writeFileSync(join(bin, 'pip3'), '#!/bin/sh\nexit 0\n', { mode: 0o755 });
    expect(await pipDownload('/x', [TORCH])).toBe('pip3 download');
  });

  test('the signal ends it, with its reason', async () => {
    python('exec /bin/sleep 60');
    const controller = new AbortController();
    setTimeout(() => controller.abort(new Error('enough')), 200);
    await expect(pipDownload('/x', [TORCH], controller.signal)).rejects.toThrow('enough');
  });

  test("a real one brings the wheels by these names, and not the CPU's torch", async () => {
    const isThere = await runProgram('python3', ['-m', 'pip', '--version']).catch(() => null);
    if (isThere === null) return;
    const links = stubPython(join(folder, 'links'), ''); // pip splits what it is told at spaces
    const cpu = TORCH.file.replace('2.14.1', '2.14.1+cpu');
    for (const file of [TORCH.file, CUFFT.file, cpu]) writeFileSync(join(links, file), wheel(file));
    const env = { PIP_NO_INDEX: '1', PIP_FIND_LINKS: links, PIP_CONFIG_FILE: '/dev/null' };
    const set = { ...process.env };
    Object.assign(process.env, env);
    try {
      await pipDownload(join(bin, 'out'), [TORCH, CUFFT]);
    } finally {
      process.env = set;
    }
    expect(readdirSync(join(bin, 'out')).sort()).toEqual([CUFFT.file, TORCH.file]);
    expect(existsSync(join(links, cpu))).toBe(true);
  });
});

/** As little as pip takes for a wheel. */
function wheel(file: string): Buffer {
  const [name = '', version = ''] = file.split('-');
  const info = `${name}-${version}.dist-info`;
  return zip({
    [`${info}/METADATA`]: `Metadata-Version: 2.1\nName: ${name}\nVersion: ${version}\n`,
    [`${info}/WHEEL`]: 'Wheel-Version: 1.0\nRoot-Is-Purelib: false\n',
    [`${info}/RECORD`]: '',
  });
}
