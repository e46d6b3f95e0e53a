// A tiny wheel, a download site to get it from, and a pip that brings it: stand-ins for the tests.

import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { crc32 } from 'node:zlib';

/** Files of a libtorch as small as can be. */
export function libtorchFiles(version: string): Record<string, string> {
  return {
    'lib/libc10.so': 'c10',
    'lib/libtorch_cpu.so': 'x'.repeat(300_000),
    'include/ATen/ATen.h': '#pragma once\n',
    'share/cmake/Torch/TorchConfig.cmake': '# cmake\n',
    'version.py': `__version__ = '${version}'\ncuda: Optional[str] = None\n`,
  };
}

export function writeTree(dir: string, files: Record<string, string>): string {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, name)), { recursive: true });
    writeFileSync(join(dir, name), text);
  }
  return dir;
}

/** The files as a wheel has them, with some that are to be left out. */
export function fakeWheel(version = '2.13.0+cpu', more: Record<string, string> = {}): Buffer {
  const files: Record<string, string> = {
    'torch/__init__.py': '',
    'torch/lib/libtorch_python.so': 'no',
    'torch/lib/libtorchbind_test.so': 'no',
    'torch/lib/libgomp.so.1': 'yes',
    'torch/bin/protoc': 'no',
    ...more,
  };
  for (const [name, text] of Object.entries(libtorchFiles(version))) files[`torch/${name}`] = text;
  return zip(files);
}

export function sha256(data: Buffer): string {
  return createHash('sha256').update(data).digest('hex');
}

/** A zip without compression. */
export function zip(files: Record<string, string>): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const [name, text] of Object.entries(files)) {
    const [path, data] = [Buffer.from(name), Buffer.from(text)];
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0); // version, then flags, method, time and date: zero
    common.writeUInt32LE(crc32(data), 10);
    common.writeUInt32LE(data.length, 14);
    common.writeUInt32LE(data.length, 18);
    common.writeUInt16LE(path.length, 22);
    const local = Buffer.concat([Buffer.from('PK\x03\x04'), common, path, data]);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(offset, 10);
    directory.push(
      Buffer.concat([Buffer.from('PK\x01\x02\x14\x00', 'latin1'), common, rest, path]),
    );
    parts.push(local);
    offset += local.length;
  }
  const central = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(directory.length, 8);
  end.writeUInt16LE(directory.length, 10);
  end.writeUInt32LE(central.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...parts, central, end]);
}

export interface Site {
  url: string;
  /** `Range` headers of the requests, in order ('' for none). */
  ranges: string[];
  close(): Promise<void>;
}

/** Serves `wheel` with ranges; `answer` may take over a request by returning true. */
export async function serve(
  wheel: Buffer,
  answer: (response: ServerResponse, count: number, request: IncomingMessage) => boolean = () =>
    false,
): Promise<Site> {
  const ranges: string[] = [];
  const server = createServer((request, response) => {
    ranges.push(request.headers.range ?? '');
    if (answer(response, ranges.length, request)) return;
    send(wheel, request, response);
  });
  const { origin, close } = await listen(server);
  return { url: `${origin}/torch-2.13.0%2Bcpu-tiny.whl`, ranges, close };
}

/** Starts a server on a port of its own. */
export async function listen(server: Server) {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const close = () =>
    new Promise<void>((resolve) => {
      server.closeAllConnections();
      server.close(() => resolve());
    });
  return { origin: `http://127.0.0.1:${port}`, close };
}

/** Answers with a file, or with what was asked for of it. */
export function send(file: Buffer, { headers }: IncomingMessage, response: ServerResponse): void {
  const start = Number(/bytes=(\d+)-/.exec(headers.range ?? '')?.[1] ?? 0);
  if (start >= file.length) {
    response.writeHead(416, { 'content-range': `bytes */${file.length}` }).end();
  } else if (start > 0) {
    const range = `bytes ${start}-${file.length - 1}/${file.length}`;
    response.writeHead(206, { 'content-range': range, 'content-length': file.length - start });
    response.end(file.subarray(start));
  } else {
    response.writeHead(200, { 'content-length': file.length }).end(file);
  }
}

/** A folder for PATH whose `python3` runs the given lines of shell; the last argument is pip's `-d`. */
export function stubPython(dir: string, script: string): string {
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, 'python3'), `#!/bin/sh\nfor last; do :; done\n${script}\n`);
  chmodSync(join(dir, 'python3'), 0o755);
  return dir;
}
