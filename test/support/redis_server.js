// Redis from the system's packages, on a loopback port of its own: started, stopped and started again.
'use strict';

const { spawn, spawnSync } = require('node:child_process');
const { once } = require('node:events');
const { mkdtempSync, rmSync } = require('node:fs');
const { createConnection, createServer } = require('node:net');
const { tmpdir } = require('node:os');
const { join } = require('node:path');
const { setTimeout: wait } = require('node:timers/promises');

const PATIENCE_MS = 20_000;

/** A port that nobody listens on. */
async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

/** Whether a server answers PING on this port. */
function answers(port) {
  return new Promise((resolve) => {
    const socket = createConnection(port, '127.0.0.1', () => socket.write('PING\r\n'));
    const done = (isThere) => {
      socket.destroy();
      resolve(isThere);
    };
    socket.on('data', (text) => done(/^(\+PONG|-NOAUTH)/.test(String(text))));
    socket.on('error', () => done(false));
    socket.setTimeout(1000, () => done(false));
  });
}

class RedisServer {
  /** @param {string[]} args beside those that it needs */
  constructor(args = []) {
    if (spawnSync('redis-server', ['--version']).status !== 0)
      throw new Error('redis-server is missing: run `apt-get install redis-server`');
    this.args = args;
    this.folder = mkdtempSync(join(tmpdir(), 'bigtransfer-redis-'));
    this.port = 0;
    this.child = null;
  }

  get url() {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** On the same port each time, with what it had: every write is in the append-only file. */
  async start() {
    this.port ||= await freePort();
    const own = ['--port', String(this.port), '--bind', '127.0.0.1', '--dir', this.folder];
    const kept = ['--appendonly', 'yes', '--appendfsync', 'everysec', '--save', ''];
    this.child = spawn('redis-server', [...own, ...kept, ...this.args], { stdio: 'ignore' });
    for (const end = Date.now() + PATIENCE_MS; Date.now() < end; await wait(20))
      if (await answers(this.port)) return this;
    throw new Error(`redis-server does not answer on port ${this.port}`);
  }

  async stop(signal = 'SIGTERM') {
    const { child } = this;
    this.child = null;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    child.kill(signal);
    await once(child, 'exit');
  }

  /** Stops it for good. */
  async remove() {
    await this.stop('SIGKILL');
    rmSync(this.folder, { recursive: true, force: true });
  }
}

module.exports = { RedisServer };
