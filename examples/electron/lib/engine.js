// The inference process as main sees it: requests with ids, time limits and cancellation; started anew when it dies.
'use strict';

const { EventEmitter } = require('node:events');
const { REQUEST_MS, START_MS } = require('./limits');

/** Deaths within this time that are answered with a new process; after one more the user decides. */
const MAX_DEATHS = 2;
const DEATHS_WITHIN_MS = 60_000;
/** Before a new process: what killed the last one may still be going on. */
const RESPAWN_MS = 500;

/**
 * @typedef {object} Child what utilityProcess.fork returns, or anything of its shape
 * @property {(message: unknown) => void} postMessage
 * @property {() => void} kill
 * @property {(event: string, listener: (...args: any[]) => void) => unknown} on 'message', 'exit' (code, signal)
 *
 * @typedef {object} State
 * @property {'starting' | 'ready' | 'stopped'} phase
 * @property {string | null} reason why it is not ready, or started anew
 * @property {'auto' | 'sharp' | 'page'} decoder who decodes pictures; 'auto' until that is known
 * @property {string} [model] what it loaded
 */

/**
 * Emits 'state' (State) and 'event' (what the process tells by itself, `{ event, … }`).
 * No request outlives its process: those in flight reject with the reason of its death.
 */
class Engine extends EventEmitter {
  #fork;
  #child = null;
  #requests = new Map();
  #nextId = 1;
  #deaths = [];
  #timers = { start: undefined, respawn: undefined };
  #state;

  /**
   * @param {{ fork: (args: string[]) => Child, decoder?: 'auto' | 'page', args?: string[] }} options
   *   `fork` starts the process with these arguments.
   */
  constructor({ fork, decoder = 'auto', args = [] }) {
    super();
    this.#fork = (chosen) => fork([`--decoder=${chosen}`, ...args]);
    this.#state = { phase: 'stopped', reason: null, decoder };
  }

  /** @returns {State} */
  get state() {
    return this.#state;
  }

  /** Starts the process, also one that died too often; does nothing while one is there. */
  start() {
    if (this.#child) return;
    clearTimeout(this.#timers.respawn);
    this.#become({ phase: 'starting' });
    const child = this.#fork(this.#state.decoder);
    this.#child = child;
    child.on('message', (message) => this.#take(child, message));
    child.on('exit', (code, signal) => this.#died(child, deathOf(code, signal)));
    this.#timers.start = setTimeout(
      () => this.#died(child, `The model did not load within ${START_MS / 1000} s.`),
      START_MS,
    );
  }

  /** Ends the process; requests in flight reject. */
  stop() {
    clearTimeout(this.#timers.respawn);
    if (this.#child) this.#end(this.#child, { phase: 'stopped', reason: null });
    else this.#become({ phase: 'stopped' });
  }

  /**
   * @param {{ signal?: AbortSignal, timeoutMs?: number }} [options] timeoutMs: Infinity for none.
   * @returns what the process answers. Rejects with its error, with the reason of its death, after the time, or with
   *   the signal's reason; the last two tell the process to give up.
   */
  request(method, params = {}, { signal, timeoutMs = REQUEST_MS } = {}) {
    if (!this.#child)
      return Promise.reject(new Error(this.#state.reason ?? 'The engine is not running.'));
    if (signal?.aborted) return Promise.reject(signal.reason);
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      const giveUp = (error) => {
        this.#child?.postMessage({ cancel: id });
        this.#settle(id, { error });
      };
      const abort = () => giveUp(signal.reason);
      const late = () => giveUp(new Error(`${method}: no answer within ${timeoutMs / 1000} s.`));
      const timer = timeoutMs === Infinity ? undefined : setTimeout(late, timeoutMs);
      signal?.addEventListener('abort', abort, { once: true });
      const settle = ({ error, result }) => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', abort);
        if (error) reject(error);
        else resolve(result);
      };
      this.#requests.set(id, settle);
      this.#child.postMessage({ id, method, params });
    });
  }

  #settle(id, outcome) {
    const settle = this.#requests.get(id);
    this.#requests.delete(id);
    // An answer that comes after its request was given up is nobody's.
    settle?.(outcome);
  }

  #take(child, message) {
    if (child !== this.#child) return;
    if (message?.event === 'ready') {
      clearTimeout(this.#timers.start);
      this.#become({ phase: 'ready', decoder: message.decoder, model: message.model });
    } else if (message?.event === 'broken') {
      // It said why it cannot work: another process could not either.
      this.#end(child, { phase: 'stopped', reason: message.message });
    } else if (typeof message?.event === 'string') this.emit('event', message);
    else if (Number.isInteger(message?.id)) this.#settle(message.id, outcomeOf(message));
    else this.#died(child, 'The engine sent a message that nobody understands.');
  }

  #died(child, reason) {
    if (child !== this.#child) return;
    const recent = this.#deaths.filter((time) => time > Date.now() - DEATHS_WITHIN_MS);
    this.#deaths = [...recent, Date.now()];
    const again = this.#deaths.length <= MAX_DEATHS;
    // sharp may be what took it down: beside Electron's GLib it crashes at any time.
    this.#end(child, { phase: again ? 'starting' : 'stopped', reason, decoder: 'page' });
    if (again) this.#timers.respawn = setTimeout(() => this.start(), RESPAWN_MS);
  }

  #end(child, change) {
    this.#child = null;
    child.kill();
    clearTimeout(this.#timers.start);
    const error = new Error(change.reason ?? 'The engine was stopped.');
    for (const id of [...this.#requests.keys()]) this.#settle(id, { error });
    this.#become(change);
  }

  #become(change) {
    this.#state = { ...this.#state, ...change };
    this.emit('state', this.#state);
  }
}

function outcomeOf({ error, result }) {
  return error
    ? { error: Object.assign(new Error(error.message), { code: error.code }) }
    : { result };
}

function deathOf(code, signal) {
  return `The engine ended by itself (${signal ?? `code ${code}`}).`;
}

module.exports = { Engine, MAX_DEATHS, RESPAWN_MS };
