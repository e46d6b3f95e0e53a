// What the development server answers: the page's files and calls, the engine's events, and files that are dropped.
'use strict';

const { createWriteStream } = require('node:fs');
const { mkdir, readFile } = require('node:fs/promises');
const path = require('node:path');
const { buffer, text } = require('node:stream/consumers');
const { pipeline } = require('node:stream/promises');
const { Blobs } = require('./blobs');

/** Takes preload.js's place, and so comes before the page's own script. */
const BRIDGE = '<script type="module" src="/bridge.mjs"></script>\n    ';
const SCRIPT = { 'content-type': 'text/javascript; charset=utf-8' };

class Routes {
  #desk;
  #assets;
  #uploads;
  #blobs = new Blobs();
  /** The page's stream of events; a second page takes the first one's place. */
  #events = null;

  /** @param {{ assets: typeof import('../lib/assets'), uploads: string }} options uploads: a folder for what is dropped. */
  constructor({ assets, uploads }) {
    this.#assets = assets;
    this.#uploads = uploads;
  }

  /** The desk sends by this object, and this object asks the desk: one of them has to come later. */
  set desk(desk) {
    this.#desk = desk;
  }

  send(event) {
    this.#events?.write(`data: ${this.#blobs.pack(event)}\n\n`);
  }

  close() {
    this.#events?.end();
  }

  async GET(_request, response, pathname) {
    if (pathname === '/events') return this.#listen(response);
    const { status, headers, body } = await this.#asset(pathname);
    response.writeHead(status, headers);
    if (typeof body?.pipe === 'function') await pipeline(body, response);
    else response.end(body ?? undefined);
  }

  #listen(response) {
    this.#events?.end();
    this.#events = response;
    this.#blobs.clear();
    response.writeHead(200, { ...this.#assets.HEADERS, 'content-type': 'text/event-stream' });
    response.flushHeaders();
  }

  async #asset(pathname) {
    const { assetOf, HEADERS } = this.#assets;
    const [, token] = /^\/blobs\/(\d+)$/.exec(pathname) ?? [];
    if (token !== undefined)
      return { status: 200, headers: HEADERS, body: this.#blobs.take(Number(token)) };
    if (pathname === '/bridge.mjs') {
      const body = await readFile(path.join(__dirname, 'bridge.mjs'));
      return { status: 200, headers: { ...HEADERS, ...SCRIPT }, body };
    }
    const asset = await assetOf(pathname, (picture) => this.#desk.wanted(picture));
    if (pathname !== '/') return asset;
    return { ...asset, body: asset.body.toString().replace('<script', `${BRIDGE}<script`) };
  }

  /** A call of the page. */
  async POST(request, response, pathname) {
    const method = pathname.slice('/call/'.length);
    const params = this.#blobs.unpack(await text(request));
    const answer = await this.#desk.call(method, params).then(
      (value) => ({ value }),
      ({ message }) => ({ message }),
    );
    response.writeHead(200, { ...this.#assets.HEADERS, 'content-type': 'application/json' });
    response.end(this.#blobs.pack(answer));
  }

  /** Bytes that belong to a call; or a file: a browser has no paths, so it is looked at where it was put. */
  async PUT(request, response, pathname) {
    if (pathname === '/blobs')
      return void response.end(String(this.#blobs.put(await buffer(request))));
    // As from the root of all files: no name leads out of the folder.
    const file = path.join(this.#uploads, path.normalize(`/${decodeURIComponent(pathname)}`));
    await mkdir(path.dirname(file), { recursive: true });
    await pipeline(request, createWriteStream(file));
    this.#desk.add([file]);
    response.end();
  }
}

module.exports = { Routes };
