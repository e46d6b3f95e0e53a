// The command line: adds folders of pictures to a store, and finds those that look like another one.
import { existsSync, realpathSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { BitError, DEFAULT_MODEL, pipeline } from 'bigtransfer';
import { addFolders } from './add.mjs';
import { Store, StoreError } from './store.mjs';

const USAGE = `node index.mjs add FOLDER...              reads new and changed pictures, forgets what is gone
node index.mjs find PICTURE [-n 5]        the pictures that are most like it
Options: --store FILE (pictures.db), --model MODEL (the one in the package)`;

const OPTIONS = {
  store: { type: 'string', default: 'pictures.db' },
  model: { type: 'string' },
  number: { type: 'string', short: 'n', default: '5' },
};
const MAX_NUMBER = 1000;
/** As shells have it, for a program that Ctrl+C ended. */
const INTERRUPTED = 130;
const WRONG_USAGE = 2;

class UsageError extends Error {}

/** @throws UsageError for arguments that make no command. */
function parsed() {
  const { values, positionals } = parsedOptions();
  const [command, ...paths] = positionals;
  const number = Number(values.number);
  if (!Number.isInteger(number) || number < 1 || number > MAX_NUMBER)
    throw new UsageError(`-n is a number from 1 to ${MAX_NUMBER}, not ${values.number}`);
  const isRight = command === 'add' ? paths.length > 0 : command === 'find' && paths.length === 1;
  if (!isRight) throw new UsageError(USAGE);
  return { ...values, number, command, paths };
}

function parsedOptions() {
  try {
    return parseArgs({ options: OPTIONS, allowPositionals: true });
  } catch (error) {
    throw new UsageError(`${error.message}\n${USAGE}`);
  }
}

/** A folder or file by its full path, whatever the current folder is; a hub's id as it stands. */
function nameOf(model = DEFAULT_MODEL) {
  return existsSync(model) ? realpathSync(model) : model;
}

async function add(store, extractor, folders) {
  const controller = new AbortController();
  const interrupt = () => controller.abort();
  process.once('SIGINT', interrupt);
  try {
    const told = (why) => console.error(why);
    const counts = await addFolders(store, extractor, folders, told, controller.signal);
    const words = Object.entries(counts).map(([what, count]) => `${count} ${what}`);
    console.log(`${words.join(', ')}; ${store.size} pictures in the store`);
    if (counts.unreadable > 0) process.exitCode = 1;
  } finally {
    process.off('SIGINT', interrupt);
  }
}

async function find(store, extractor, picture, number) {
  const { data } = await extractor(picture, { pool: true });
  for (const { path, similarity } of store.nearest(data, number))
    console.log(`${similarity.toFixed(3)}  ${path}`);
}

/** How many numbers an embedding of this model has: asked of the model itself, with one black pixel. */
async function widthOf(extractor) {
  const black = { data: new Uint8Array(3), width: 1, height: 1, channels: 3 };
  const { data } = await extractor(black, { pool: true });
  return data.length;
}

async function main() {
  const { command, paths, number, store: file, model } = parsed();
  if (command === 'find' && !existsSync(file))
    throw new StoreError(`There is no store ${file} yet: node index.mjs add FOLDER makes it`);
  const extractor = await pipeline('image-feature-extraction', model);
  try {
    const store = new Store(file, { model: nameOf(model), width: await widthOf(extractor) });
    try {
      if (command === 'add') await add(store, extractor, paths);
      else await find(store, extractor, paths[0], number);
    } finally {
      store.close();
    }
  } finally {
    await extractor.dispose();
  }
}

/** What a user can mend is told in a line; anything else is a bug, with its stack. */
function tell(error) {
  if (error instanceof UsageError) {
    console.error(error.message);
    process.exitCode = WRONG_USAGE;
  } else if (error.name === 'AbortError') {
    console.error('Interrupted; what was added stays, and the next run goes on from there');
    process.exitCode = INTERRUPTED;
  } else {
    console.error(error instanceof BitError || error instanceof StoreError ? error.message : error);
    process.exitCode = 1;
  }
}

main().catch(tell);
