// What the page may ask for, in one place: main process and development server pass everything through here.
'use strict';

const { MAX_PICTURES, DECODED_SIDE } = require('./limits');

/** What the page may call by name. Paths are not among it: those come from the shell, never from the page. */
const METHODS = ['open', 'overlay', 'similar', 'decoded', 'cancel', 'clear', 'restart'];

/** Joins an engine and a page. Checks what the page says: a page can be taken over, its shell must not be. */
class Desk {
  #engine;
  /** Since the pictures were last cleared; a new engine looks at them again. */
  #added = [];
  /** Paths of pictures that the engine has asked the page to decode, by picture: the only files a page can read. */
  #wanted = new Map();

  /** @param {{ engine: import('./engine').Engine, send: (event: object) => void }} options send: to the page. */
  constructor({ engine, send }) {
    this.#engine = engine;
    engine.on('event', (event) => send(this.#forPage(event)));
    let phase = engine.state.phase;
    engine.on('state', (state) => {
      const isNew = state.phase === 'ready' && phase !== 'ready';
      phase = state.phase;
      if (phase !== 'ready') this.#wanted.clear();
      send({ event: 'state', ...state });
      if (isNew && this.#added.length > 0) this.#look(this.#added);
    });
  }

  /** Files and folders to look at, by path. Resolves at once; what is found comes as events. */
  add(paths) {
    this.#added = [...new Set([...this.#added, ...paths])];
    if (this.#engine.state.phase === 'ready') this.#look(paths);
  }

  #look(paths) {
    // What goes wrong with a path is an event; what goes wrong with the engine is in its state.
    this.#engine.request('add', { paths }, { timeoutMs: Infinity }).catch(() => {});
  }

  /** What the page calls. @returns a promise of what it gets; rejects for what it may not ask. */
  async call(method, params = {}) {
    if (!METHODS.includes(method))
      throw new TypeError(`There is no method ${JSON.stringify(method)}.`);
    return this[`_${method}`](Object(params));
  }

  /** A file that the page is to decode. @returns its path, or undefined for every other picture. */
  wanted(picture) {
    return this.#wanted.get(picture);
  }

  /** A page that was opened, or loaded again, has no tiles. */
  async _open() {
    await this._clear();
    return { ...this.#engine.state, maxPictures: MAX_PICTURES };
  }

  _overlay({ picture, label }) {
    return this.#engine.request('overlay', {
      picture: whole(picture, 'picture'),
      label: whole(label, 'label'),
    });
  }

  _similar({ picture }) {
    return this.#engine.request('similar', { picture: whole(picture, 'picture') });
  }

  async _decoded({ picture, pixels, message }) {
    const id = whole(picture, 'picture');
    this.#wanted.delete(id);
    const outcome = pixels ? { pixels: checkedPixels(pixels) } : { message: String(message) };
    await this.#engine.request('decoded', { picture: id, ...outcome });
  }

  async _cancel() {
    if (this.#engine.state.phase === 'ready') await this.#engine.request('cancel');
  }

  async _clear() {
    this.#added = [];
    this.#wanted.clear();
    if (this.#engine.state.phase === 'ready') await this.#engine.request('clear');
  }

  async _restart() {
    this.#engine.start();
  }

  /** Pages know pictures by number and name; a path would be of no use to them. */
  #forPage(event) {
    if (event.event !== 'decode') return event;
    this.#wanted.set(event.picture, event.path);
    return { ...event, path: undefined };
  }
}

function whole(value, name) {
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw new TypeError(`Expected a whole number for ${name}.`);
}

function checkedPixels({ data, width, height }) {
  const areSides = [width, height].every(
    (side) => Number.isSafeInteger(side) && side > 0 && side <= DECODED_SIDE,
  );
  if (!areSides || !ArrayBuffer.isView(data) || data.byteLength !== width * height * 4)
    throw new TypeError(`Expected RGBA pixels of at most ${DECODED_SIDE} x ${DECODED_SIDE}.`);
  return { data, width, height, channels: 4 };
}

module.exports = { Desk, METHODS };
