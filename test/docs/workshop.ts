// Where the manual's code runs: a folder for each guide with the pictures that it speaks of, a hub that has its model,
// and a server for its URLs.
import { cpSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename, join } from 'node:path';
import sharp from 'sharp';
import { type FakeHub, startHub } from '../hub/fake';
import { ROOT, runProgram } from '../support/child';

/** The package as it is used, and Node. */
export interface Place {
  /** Has `node_modules/` with bigtransfer, sharp and `@types/node`. */
  base: string;
  node: string;
  env: Record<string, string | undefined>;
  /** Where `npx` and `bigtransfer` are found. */
  path: string;
}

const PICTURES = join(ROOT, 'examples', 'pictures');
/** What the guides call the server of their URLs. */
const SERVER = 'https://example.com/';
/** The stand-in for the hub's model: as large and as wide, with random weights. */
const MODEL = 'google/bit-50';
const MAKE_MODEL = `
  const { BitConfig, BitForImageClassification, BitImageProcessor } = require('bigtransfer');
  (async () => {
    const model = await BitForImageClassification.fromConfig(new BitConfig({ numLabels: 1000 }));
    await model.savePretrained('hub-model');
    await new BitImageProcessor().savePretrained('hub-model');
  })();`;

export class Workshop {
  private hub: FakeHub | undefined;
  private server: Server | undefined;

  constructor(readonly place: Place) {}

  async open(): Promise<void> {
    const { base, node, env } = this.place;
    await runProgram(node, ['--eval', MAKE_MODEL], { cwd: base, env: { ...env } });
    const folder = join(base, 'hub-model');
    const files = readdirSync(folder).map((name) => [name, readFileSync(join(folder, name))]);
    this.hub = await startHub({ [MODEL]: { main: Object.fromEntries(files) as never } });
    this.server = createServer(({ url = '' }, response) =>
      response.end(readFileSync(join(PICTURES, basename(url)))),
    );
    await new Promise<void>((resolve) => this.server?.listen(0, '127.0.0.1', resolve));
  }

  async close(): Promise<void> {
    await this.hub?.close();
    this.server?.close();
  }

  get env(): Record<string, string | undefined> {
    const { base, env, path } = this.place;
    const HF_HOME = join(base, 'hub-cache');
    return { ...env, PATH: path, HF_ENDPOINT: this.hub?.endpoint, HF_HOME, HF_TOKEN: undefined };
  }

  /** The text with our server in place of the guides'. */
  served(text: string): string {
    const { port } = this.server?.address() as AddressInfo;
    return text.replaceAll(SERVER, `http://127.0.0.1:${port}/`);
  }

  /** The guide's own folder, where all of its blocks run. */
  async folderOf(file: string): Promise<string> {
    const folder = join(this.place.base, 'work', basename(file, '.md'));
    if (mkdirSync(folder, { recursive: true }) === undefined) return folder;
    for (const name of ['boat.jpg', 'cat.jpg', 'coffee.jpg'])
      cpSync(join(PICTURES, name), join(folder, name));
    const photos = join(folder, 'photos');
    cpSync(PICTURES, photos, { recursive: true, filter: (path) => !path.endsWith('.md') });
    const large = sharp(join(PICTURES, 'coffee.jpg')).resize(2400, 1600);
    await large.toFile(join(photos, 'large.jpg'));
    writeFileSync(
      join(folder, 'half.jpg'),
      readFileSync(join(PICTURES, 'boat.jpg')).subarray(0, 2000),
    );
    writeFileSync(join(folder, 'notes.txt'), 'milk, bread\n');
    if (['transfer.md', 'head-only.md'].includes(basename(file)))
      await drawThings(join(folder, 'things'));
    return folder;
  }
}

/** Drawings of three classes, a folder for each. */
async function drawThings(folder: string): Promise<void> {
  const recipe = join(ROOT, 'models', 'recipe', 'render.js');
  const { renderPixels } = jest.requireActual<{
    renderPixels(index: number, seed: number, side: number, drawings: object): Promise<Buffer>;
  }>(recipe);
  const drawings = jest.requireActual<object>(join(ROOT, 'examples', 'transfer', 'drawings.js'));
  for (const [index, name] of ['bell', 'hat', 'key'].entries()) {
    mkdirSync(join(folder, name), { recursive: true });
    for (let seed = 0; seed < 12; seed++)
      writeFileSync(
        join(folder, name, `${seed}.png`),
        await renderPixels(index, seed, 128, drawings),
      );
  }
}
