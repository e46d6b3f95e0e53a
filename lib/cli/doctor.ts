// `bigtransfer doctor`: what this installation has, what it lacks, and what mends it.

import type { Command } from 'commander';
import { type SystemInfo, hubCacheDir, libtorch, systemInfo } from '../index';
import { EXIT, type Context } from './context';
import { bytes } from './progress';
import { messageOf, print, printJson, table } from './report';

interface Diagnosis {
  node: string;
  platform: string;
  system: SystemInfo;
  search: ReturnType<typeof libtorch.findLibtorch> & { problem?: string };
  sharp: { version: string | null; problem?: string };
  caches: { name: string; path: string; bytes: number }[];
  /** What is missing and what mends it; empty when all is well. */
  problems: string[];
}

export function addDoctor(program: Command, context: Context): void {
  program
    .command('doctor')
    .description('Check this installation and say what mends it')
    .option('--json', 'print one JSON document')
    .action(async ({ json }: { json?: boolean }) => {
      const found = await diagnose();
      if (found.problems.length > 0) context.exitCode = EXIT.failed;
      await (json ? printJson(found) : print(describe(found)));
    });
}

async function diagnose(): Promise<Diagnosis> {
  const search = searchLibtorch();
  const system = systemInfo();
  const sharp = findSharp();
  const problems = [system.problem ?? search.problem, sharp.problem].filter(
    (problem) => problem !== undefined,
  );
  return {
    node: process.version,
    platform: `${process.platform}-${process.arch}`,
    system,
    search,
    sharp,
    caches: await Promise.all([
      cache('models', hubCacheDir()),
      cache('libtorch', libtorch.libtorchCacheDir()),
    ]),
    problems,
  };
}

function searchLibtorch(): Diagnosis['search'] {
  try {
    const search = libtorch.findLibtorch();
    return search.found
      ? search
      : { ...search, problem: libtorch.libtorchNotFound(search.tried).message };
  } catch (error) {
    return { found: null, tried: [], problem: messageOf(error) };
  }
}

/** Loads it, since a package for another platform is there and yet of no use. */
function findSharp(): Diagnosis['sharp'] {
  try {
    // eslint-disable-next-line @typescript-eslint/no-require-imports
    const { versions } = require('sharp') as { versions: { sharp: string } };
    return { version: versions.sharp };
  } catch (error) {
    const first = messageOf(error).split('\n')[0];
    const problem = `sharp, which decodes images, does not load: ${first}\nRun \`npm install sharp\`.`;
    return { version: null, problem };
  }
}

async function cache(name: string, path: string) {
  return { name, path, bytes: await libtorch.sizeOnDisk(path) };
}

function describe({ node, platform, system, search, sharp, caches, problems }: Diagnosis): string {
  const loaded = system.libtorch;
  const rows = [
    ['bigtransfer', system.version],
    ['Node.js', `${node} on ${platform}`],
    ['addon', loaded ? 'loads' : 'does not load'],
    [
      'libtorch',
      loaded ? `${loaded.version} (${loaded.source}) ${loaded.path}` : foundText(search),
    ],
    ...search.tried.map(({ source, where, why }) => ['', `not ${source}: ${where}: ${why}`]),
    ...(loaded ? offered(system) : []),
    ['sharp', sharp.version ?? 'does not load'],
    ...caches.map((entry) => [`${entry.name} cache`, `${bytes(entry.bytes)}  ${entry.path}`]),
  ];
  const verdict =
    problems.length === 0 ? ['All is well.'] : problems.map((problem) => `problem: ${problem}`);
  return [table(rows), '', ...verdict].join('\n');
}

/** What only a loaded addon knows. */
function offered({ cpu, devices, cuda, autoDtype, jpeg, png }: SystemInfo): string[][] {
  const bf16 = cpu.bf16 ? 'in hardware' : 'emulated';
  return [
    ['CPU', `${cpu.capability}, ${cpu.threads} threads, bfloat16 ${bf16}`],
    ['devices', devices.map(({ device, name }) => device ?? name).join(', ')],
    ...devices.filter(({ type }) => type === 'cuda').map(gpuRow),
    ['CUDA', cuda.available ? 'works' : `off: ${cuda.reason ?? 'unknown'}`],
    ['dtype auto', autoDtype],
    ['JPEGs', `decoded by ${jpeg ?? 'sharp'}`],
    ['PNGs', `decoded by ${png ?? 'sharp'}`],
  ];
}

function gpuRow(gpu: SystemInfo['devices'][number]): [string, string] {
  const { device = '', name, capability, freeMemory = 0, totalMemory = 0, problem } = gpu;
  const memory = `${bytes(freeMemory)} of ${bytes(totalMemory)} free`;
  const failed = problem === undefined ? '' : `; failed: ${problem}`;
  return [device, `${name}, compute capability ${capability}, ${memory}${failed}`];
}

function foundText({ found }: Diagnosis['search']): string {
  return found ? `${found.version} (${found.source}) ${found.dir}, not loaded` : 'not found';
}
