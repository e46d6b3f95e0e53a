// What the process may have, and where it stands: limits on threads and memory, a working directory
// that has gone, settings of OpenMP. Each in a process of its own.
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { systemInfo } from '../../lib';
import { runProgram, runScript, ROOT } from '../support/child';
import { temporaryFolder } from '../support/temporary';

const folder = temporaryFolder();
/** So that no Python is asked, which would need threads too. */
const found = { BIGTRANSFER_LIBTORCH: systemInfo().libtorch?.path ?? '' };

/** Threads that the addon would like, whatever the machine has. */
const CORES = 16;
/** Limits on threads count all of a user's: each child is a user of its own. */
const FIRST_USER = 50_000 + Math.floor(Math.random() * 1_000_000_000);
let children = 0;
/** Node's own threads, and those that it starts to read files. */
const NODE_THREADS = 11;

/** A model of each execution answers: our kernels, and libtorch's operators. */
const RUN_BOTH = `
  const { BitConfig, BitForImageClassification, Tensor } = bigtransfer;
  async function runBoth() {
    const pixels = Tensor.from(new Float32Array(8 * 3 * 64 * 64).fill(0.5), [8, 3, 64, 64]);
    const shapes = [];
    for (const hiddenAct of ['relu', 'gelu']) {
      const config = new BitConfig({ depths: [1, 1], hiddenSizes: [128, 256], hiddenAct });
      const model = await BitForImageClassification.fromConfig(config, { seed: 1 });
      shapes.push((await model.forward(pixels)).logits.shape);
      await model.dispose();
    }
    return shapes;
  }`;
const BOTH = [
  [8, 2],
  [8, 2],
];

test('with fewer threads than wished for, down to one, calls run on those that there are', async () => {
  const script = `
    require('node:os').availableParallelism = () => ${CORES};
    ${RUN_BOTH}
    (async () => {
      const shapes = await runBoth();
      const classify = await bigtransfer.pipeline('image-classification');
      const [best] = await classify('examples/pictures/boat.jpg');
      print({ shapes, label: best.label });
    })();`;
  for (const threads of [1, 2, 5, 12, 20, 40]) {
    const under = threadLimit(NODE_THREADS + threads);
    expect(await runScript(script, { under, env: found })).toEqual({ shapes: BOTH, label: 'boat' });
  }
});

test('no thread at all is an error that says so', async () => {
  const script = `${RUN_BOTH}
    runBoth().catch((error) => print([error.code, error.message]));`;
  const under = threadLimit(NODE_THREADS - 4);
  const [code, message] = (await runScript(script, { under, env: found })) as [string, string];
  expect(code).toBe('ERR_BIT_OUT_OF_MEMORY');
  expect(message).toContain('starts no more threads');
});

test.each(['1', '2', '3'])(
  'OMP_THREAD_LIMIT=%s: calls run, and the process ends well',
  async (limit) => {
    const script = `${RUN_BOTH}
    runBoth().then(print);`;
    expect(await runScript(script, { env: { OMP_THREAD_LIMIT: limit } })).toEqual(BOTH);
  },
);

test('a file that the process may not map is too little memory, not a bad checkpoint', async () => {
  const script = `
    const fs = require('node:fs');
    const { BitConfig, BitModel } = bigtransfer;
    (async () => {
      await new BitConfig().savePretrained(${JSON.stringify(folder)});
      const file = ${JSON.stringify(folder)} + '/model.safetensors';
      fs.closeSync(fs.openSync(file, 'w'));
      fs.truncateSync(file, 8 * 2 ** 30);
      await BitModel.fromPretrained(${JSON.stringify(folder)});
    })().catch((error) => print([error.code, error.message]));`;
  const under = ['prlimit', `--as=${6 * 2 ** 30}`];
  const [code, message] = (await runScript(script, { under })) as [string, string];
  expect(code).toBe('ERR_BIT_OUT_OF_MEMORY');
  expect(message).toMatch(/model\.safetensors: .*map its 8589934592 bytes.*ulimit/);
});

test.each(['before', 'after'])('the working directory goes %s loading', async (when) => {
  const script = `
    const fs = require('node:fs');
    const leave = () => {
      const gone = fs.mkdtempSync(${JSON.stringify(join(folder, 'gone-'))});
      process.chdir(gone);
      fs.rmdirSync(gone);
    };
    ${RUN_BOTH}
    if (${when === 'after'}) bigtransfer.systemInfo();
    leave();
    runBoth().then((shapes) => {
      let there;
      try { there = process.cwd(); } catch { there = 'gone'; }
      print({ shapes, there });
    });`;
  expect(await runScript(script)).toEqual({ shapes: BOTH, there: 'gone' });
});

describe("libgomp's threads wait actively for a short while", () => {
  /** What libgomp says as it is loaded. */
  async function spins(script: string, env: NodeJS.ProcessEnv = {}): Promise<string | undefined> {
    const code = `const load = () => require(${JSON.stringify(ROOT)}).systemInfo(); ${script}`;
    const { stderr } = await runProgram(process.execPath, ['-e', code], {
      env: { ...process.env, OMP_DISPLAY_ENV: 'VERBOSE', ...env },
    });
    return /GOMP_SPINCOUNT = '(\d+)'/.exec(stderr)?.[1];
  }

  test.each([
    ['on the main thread', 'load();'],
    ['after process.env was assigned', 'process.env = { ...process.env }; load();'],
    [
      'in a worker that loads first',
      `const { Worker } = require('node:worker_threads');
       new Worker('(' + load + ')()', { eval: true });`,
    ],
  ])('%s', async (_, script) => {
    expect(await spins(script)).toBe('10000');
  });

  test('unless the user has said otherwise', async () => {
    expect(await spins('load();', { GOMP_SPINCOUNT: '77' })).toBe('77');
    expect(Number(await spins('load();', { OMP_WAIT_POLICY: 'active' }))).toBeGreaterThan(10000);
  });

  test('and neither this process nor those that it starts see it', async () => {
    const script = `
      bigtransfer.systemInfo();
      const { execFileSync } = require('node:child_process');
      print([process.env.GOMP_SPINCOUNT ?? null, execFileSync('env').includes('GOMP_SPINCOUNT')]);`;
    expect(await runScript(script)).toEqual([null, false]);
  });
});

/** A command before Node's that limits its threads; root is exempt and becomes another user. */
function threadLimit(threads: number): string[] {
  const user = process.getuid?.();
  if (user !== 0) return ['prlimit', `--nproc=${threads + threadsOf(user)}`];
  // It may read what root may, since libtorch lies in root's home; access() too, without the fix-up.
  const rights = [
    '--inh-caps=+dac_override',
    '--ambient-caps=+dac_override',
    '--securebits=+no_setuid_fixup',
  ];
  const limit = ['prlimit', `--nproc=${threads}`];
  return ['setpriv', `--reuid=${FIRST_USER + children++}`, '--clear-groups', ...rights, ...limit];
}

/** Threads of all the user's processes. */
function threadsOf(user: number | undefined): number {
  let threads = 0;
  for (const name of readdirSync('/proc')) {
    const folder = join('/proc', name, 'task');
    // A process may end meanwhile.
    if (/^\d+$/.test(name) && statSync(folder, { throwIfNoEntry: false })?.uid === user)
      threads += readdirSync(folder).length;
  }
  return threads;
}
