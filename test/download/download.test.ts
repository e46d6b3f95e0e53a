import { readFileSync, writeFileSync } from 'node:fs';
import { type RequestListener, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { download } from '../../lib/download/download';
import { temporaryFolder } from '../support/temporary';

const folder = temporaryFolder();
const part = join(folder, 'file.part');
const BODY = 'the whole file, from its first byte';

/** Downloads from a server that answers so, over what lies there already. */
async function downloadOver(start: string, answer: RequestListener, options = {}) {
  const ranges: string[] = [];
  const server = createServer((request, response) => {
    ranges.push(request.headers.range ?? '');
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  writeFileSync(part, start);
  try {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/file`;
    await download(url, part, options);
  } finally {
    server.closeAllConnections();
    server.close();
  }
  return { ranges, text: readFileSync(part, 'utf8') };
}

test('a server that answers a range with the whole file: what lies there is that file alone', async () => {
  const seen: [number, number | null][] = [];
  const onProgress = (loaded: number, total: number | null) => seen.push([loaded, total]);
  const whole: RequestListener = (_, response) =>
    response.writeHead(200, { 'content-length': BODY.length }).end(BODY);
  const { ranges, text } = await downloadOver(BODY.slice(0, 9), whole, { onProgress });
  expect(ranges).toEqual(['bytes=9-']);
  expect(text).toBe(BODY);
  expect(seen[0]).toEqual([0, BODY.length]);
  expect(seen.at(-1)).toEqual([BODY.length, BODY.length]);
});
