// `npm run web`: the page and the engine without Electron. A small server for this machine alone plays the shell, so that
// the page can be seen, tried and tested in any browser. It is for development; it is not a way to publish the app.
'use strict';

const { mkdtempSync, rmSync } = require('node:fs');
const { createServer } = require('node:http');
const { tmpdir } = require('node:os');
const path = require('node:path');
const { forkUtility } = require('./node_process');
const { Routes } = require('./routes');

const HOST = '127.0.0.1';
const PORT = 8417;

/**
 * @param {{ app?: string, port?: number, decoder?: 'auto' | 'page', execArgv?: string[] }} [options] app: the app's folder or
 *   archive; port: 0 for any that is free; execArgv: Node's flags for the inference process.
 * @returns {Promise<{ url: string, engine: object, close: () => Promise<void> }>}
 */
async function serveWeb(options = {}) {
  const { app = path.join(__dirname, '..'), port = PORT, decoder = 'auto', execArgv } = options;
  const part = (name) => require(path.join(app, 'lib', name));
  const { Desk } = part('desk.js');
  const { Engine } = part('engine.js');
  const uploads = mkdtempSync(path.join(tmpdir(), 'pictures-'));
  const model = process.env.PICTURES_MODEL;
  const fork = (args) => forkUtility(path.join(app, 'utility', 'main.js'), args, { execArgv });
  const engine = new Engine({ fork, decoder, args: model ? [`--model=${model}`] : [] });
  const routes = new Routes({ assets: part('assets.js'), uploads });
  routes.desk = new Desk({ engine, send: (event) => routes.send(event) });
  const server = createServer((request, response) => void answer(routes, request, response));
  await new Promise((resolve, reject) => server.once('error', reject).listen(port, HOST, resolve));
  engine.start();
  const close = async () => {
    engine.stop();
    routes.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    rmSync(uploads, { recursive: true, force: true });
  };
  return { url: `http://${HOST}:${server.address().port}/`, engine, close };
}

async function answer(routes, request, response) {
  try {
    const { pathname } = new URL(request.url, 'http://localhost');
    const isKnown = ['GET', 'POST', 'PUT'].includes(request.method);
    if (isKnown && isOwn(request)) await routes[request.method](request, response, pathname);
    else response.writeHead(403).end();
  } catch (error) {
    if (!response.headersSent) response.writeHead(500);
    response.end(error.message);
  }
}

/** Other sites' pages may send requests here too, under names of their own that lead to this machine. */
function isOwn({ headers, socket }) {
  const host = `${HOST}:${socket.localPort}`;
  return headers.host === host && [undefined, `http://${host}`].includes(headers.origin);
}

if (require.main === module) {
  serveWeb().then(
    ({ url, close }) => {
      console.log(`The app's page, without Electron: ${url} (Ctrl+C ends it)`);
      for (const signal of ['SIGINT', 'SIGTERM'])
        process.once(signal, () => void close().then(() => process.exit()));
    },
    (error) => {
      console.error(error.message);
      process.exitCode = 1;
    },
  );
}

module.exports = { serveWeb };
