// The pictures of a session: found, looked at a few at a time, and compared.
'use strict';

const { MAX_PICTURES, PICTURE_MS } = require('../lib/limits');
const { NEAR_DUPLICATE, ranked } = require('./similarity');
const { walk } = require('./walk');

/** Pictures under way at once: one is read while another computes. Memory stays bounded by it. */
const LANES = 2;
/** Pictures told of in one message. */
const FOUND_AT_ONCE = 64;

/**
 * Tells by events: found, thumbnail, labels, duplicate, failed, skipped, progress, note.
 * @typedef {{ id: number, path: string, embedding: Float32Array | null, isSkipped: boolean }} Picture
 */
class Collection {
  #model;
  #source;
  #emit;
  /** @type {Map<number, Picture>} */
  #pictures = new Map();
  #byPath = new Map();
  #queue = [];
  /** Under way, with what was given up and has not ended yet. */
  #running = 0;
  /** Under way, without that. */
  #looking = new Set();
  #walking = 0;
  #done = 0;
  #nextId = 1;
  #stop = new AbortController();

  constructor({ model, source, emit }) {
    this.#model = model;
    this.#source = source;
    this.#emit = emit;
  }

  /** Walks through files and folders; resolves when all are found, before they are looked at. */
  async add(paths, signal) {
    const stopped = AbortSignal.any([signal, this.#stop.signal]);
    let found = [];
    const tell = () => {
      if (found.length > 0) this.#emit({ event: 'found', pictures: found });
      found = [];
      this.#next();
    };
    this.#walking++;
    try {
      for await (const each of walk(paths, stopped)) {
        if (each.message) this.#emit({ event: 'note', message: each.message });
        else if (this.#byPath.has(each.path)) found.push(...this.#again(each));
        else if (this.#pictures.size >= MAX_PICTURES) return this.#full();
        else found.push(this.#keep(each));
        if (found.length >= FOUND_AT_ONCE) tell();
      }
    } catch (error) {
      if (!stopped.aborted) throw error;
    } finally {
      this.#walking--;
      tell();
      this.#progress();
    }
  }

  #full() {
    const message = `The first ${MAX_PICTURES} pictures are shown; there are more.`;
    this.#emit({ event: 'note', message });
  }

  #keep({ path, name }) {
    const picture = { id: this.#nextId++, path, embedding: null, isSkipped: false };
    this.#pictures.set(picture.id, picture);
    this.#byPath.set(path, picture);
    this.#queue.push(picture);
    return { picture: picture.id, name };
  }

  /** One that is there already: of interest where it was passed over. */
  #again({ path, name }) {
    const picture = this.#byPath.get(path);
    if (!picture.isSkipped) return [];
    picture.isSkipped = false;
    this.#queue.push(picture);
    return [{ picture: picture.id, name }];
  }

  #next() {
    while (this.#running < LANES && this.#queue.length > 0) void this.#look(this.#queue.shift());
    this.#progress();
  }

  async #look(picture) {
    const { signal } = this.#stop;
    this.#running++;
    this.#looking.add(picture);
    try {
      const limit = AbortSignal.timeout(PICTURE_MS);
      const result = await this.#lookAt(picture, AbortSignal.any([signal, limit]));
      signal.throwIfAborted();
      this.#looked(picture, result);
    } catch (error) {
      const why = error.name === 'TimeoutError' ? { message: 'It took too long.' } : error;
      if (!signal.aborted)
        this.#emit({ event: 'failed', picture: picture.id, message: shown(why, picture) });
    } finally {
      this.#running--;
      // One that was given up may have been begun anew.
      if (!signal.aborted) {
        this.#looking.delete(picture);
        this.#done++;
      }
      this.#next();
    }
  }

  async #lookAt(picture, signal) {
    await this.#source.thumbnail(picture);
    return this.#model.look(await this.#source.open(picture, signal), signal);
  }

  #looked(picture, { labels, embedding }) {
    const [nearest] = ranked({ id: picture.id, embedding }, this.#pictures.values());
    picture.embedding = embedding;
    this.#emit({ event: 'labels', picture: picture.id, labels });
    if (nearest?.similarity >= NEAR_DUPLICATE)
      this.#emit({
        event: 'duplicate',
        picture: picture.id,
        of: nearest.picture,
        similarity: nearest.similarity,
      });
  }

  /** @returns the picture with the map of a label drawn on it, see model.js. */
  async overlay(id, label, signal) {
    const picture = this.#picture(id);
    const stopped = AbortSignal.any([signal, AbortSignal.timeout(PICTURE_MS)]);
    return this.#model.overlay(await this.#source.open(picture, stopped), label, stopped);
  }

  /** @returns all other pictures that were looked at, the most alike first. */
  similar(id) {
    const picture = this.#picture(id);
    if (!picture.embedding) throw new Error('This picture has not been looked at yet.');
    return ranked(picture, this.#pictures.values());
  }

  #picture(id) {
    const picture = this.#pictures.get(id);
    if (picture) return picture;
    throw new Error('This picture is not there any more.');
  }

  /** Stops walking and looking; what was looked at stays. */
  cancel() {
    const left = [...this.#looking, ...this.#queue];
    this.#looking.clear();
    this.#queue = [];
    this.#stop.abort();
    this.#stop = new AbortController();
    this.#skip(left);
    this.#progress();
  }

  #skip(pictures) {
    for (const picture of pictures) picture.isSkipped = true;
    const ids = pictures.map(({ id }) => id);
    if (ids.length > 0) this.#emit({ event: 'skipped', pictures: ids });
  }

  /** Forgets all pictures. */
  clear() {
    this.cancel();
    this.#pictures.clear();
    this.#byPath.clear();
    this.#source.clear();
    this.#done = 0;
    this.#progress();
  }

  #progress() {
    const left = this.#queue.length + this.#running;
    const isBusy = left > 0 || this.#walking > 0;
    this.#emit({ event: 'progress', found: this.#pictures.size, done: this.#done, isBusy });
  }
}

/** The tile has the picture's name already. */
function shown({ message }, { path }) {
  return message.replaceAll(` ${path}`, '');
}

module.exports = { Collection };
