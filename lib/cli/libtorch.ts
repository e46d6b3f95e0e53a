// `bigtransfer libtorch`: where libtorch is, fetching it, removing it.

import type { Command } from 'commander';
import { libtorch } from '../index';
import { EXIT, type Context } from './context';
import { Progress, bytes } from './progress';
import { print, printJson, table } from './report';

export function addLibtorch(program: Command, context: Context): void {
  const group = program.command('libtorch').description('Find, fetch or remove libtorch');
  group
    .command('where')
    .description('Say which libtorch is used, and which places were tried')
    .option('--json', 'print one JSON document: {found, tried}')
    .action(({ json }: { json?: boolean }) => where(json === true, context));
  group
    .command('fetch')
    .description(`Bring libtorch ${libtorch.PINNED.version} into the cache`)
    .option(
      '--cuda',
      `libtorch ${libtorch.PINNED_CUDA.version} for NVIDIA GPUs and CUDA's libraries instead (2.7 GB)`,
    )
    .option('--force', 'even though it is there')
    .action(({ cuda, force }: { cuda?: boolean; force?: boolean }) =>
      fetch({ cuda: cuda === true, force: force === true }, context),
    );
  group
    .command('remove')
    .description('Remove what was fetched')
    .action(() => remove(context));
}

async function where(json: boolean, context: Context): Promise<void> {
  const { found, tried } = libtorch.findLibtorch();
  if (!found) context.exitCode = EXIT.failed;
  if (json) return printJson({ found, tried });
  if (!found) throw libtorch.libtorchNotFound(tried);
  const cuda = found.cuda === null ? 'none' : (found.cuda ?? 'of an unknown version');
  const rows = [
    ['path', found.dir],
    ['version', found.version],
    ['source', found.source],
    ['CUDA', cuda],
    ...tried.map(({ source, where, why }) => ['not', `${source}: ${where}: ${why}`]),
  ];
  await print(table(rows));
}

const PHASES = {
  download: 'downloading',
  pip: 'asking pip',
  check: 'checking',
  unpack: 'unpacking',
};

async function fetch(what: { cuda: boolean; force: boolean }, { signal }: Context): Promise<void> {
  const progress = new Progress();
  let phase = '';
  const told = new Set<string>();
  const onProgress: libtorch.FetchOptions['onProgress'] = (now) => {
    // Of several wheels each is downloaded and checked.
    if (!told.has(now.phase) && !process.stderr.isTTY)
      process.stderr.write(`${PHASES[now.phase]} ...\n`);
    told.add(now.phase);
    if (now.phase !== phase) progress.stop();
    phase = now.phase;
    const total = now.total === null ? '' : ` of ${bytes(now.total)}`;
    progress.update(
      PHASES[phase as keyof typeof PHASES],
      now.loaded,
      now.total ?? 0,
      bytes(now.loaded) + total,
    );
  };
  try {
    const dir = await libtorch.fetchLibtorch({ ...what, signal, onProgress });
    progress.stop();
    await print(dir);
  } finally {
    progress.stop();
  }
}

async function remove({ signal }: Context): Promise<void> {
  const { removed, bytes: size } = await libtorch.removeLibtorch({ signal });
  if (removed.length === 0)
    return print(`There is nothing to remove in ${libtorch.libtorchCacheDir()}`);
  await print([...removed, `Freed ${bytes(size)}`].join('\n'));
}
