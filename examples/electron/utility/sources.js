// Where pixels come from: from sharp and bigtransfer's own decoders, or, where sharp does not load, from the page.
'use strict';

const { DECODED_SIDE, MAX_WHOLE_PIXELS, PICTURE_MS, THUMBNAIL_SIDE } = require('../lib/limits');

/** Pictures whose pixels are kept for their maps, at most 2.4 MB each. */
const KEPT = 24;
/** sharp's own limit is there for servers that strangers send pictures to. */
const WHATEVER_SIZE = { limitInputPixels: false };
/** What the page goes by. */
const LIMITS = { side: DECODED_SIDE, thumbnailSide: THUMBNAIL_SIDE, maxPixels: MAX_WHOLE_PIXELS };

/**
 * @param {'auto' | 'page'} decoder
 * @param {(event: object) => void} emit
 */
function chooseSource(decoder, emit) {
  if (decoder === 'page') return new PageSource(emit);
  try {
    return new FileSource(emit, require('sharp'));
  } catch {
    return new PageSource(emit);
  }
}

/** Files, as bigtransfer reads them by itself. */
class FileSource {
  name = 'sharp';
  #emit;
  #sharp;

  constructor(emit, sharp) {
    this.#emit = emit;
    this.#sharp = sharp;
    // Decoded pixels of pictures that are not looked at again.
    sharp.cache(false);
  }

  /** Tells the thumbnail, or nothing: bigtransfer says better what is wrong with a picture, and reads more kinds. */
  async thumbnail({ id, path }) {
    try {
      const { data, info } = await this.#smaller(path, THUMBNAIL_SIDE)
        .webp()
        .toBuffer({ resolveWithObject: true });
      this.#emit({
        event: 'thumbnail',
        picture: id,
        bytes: new Uint8Array(data),
        width: info.width,
        height: info.height,
      });
    } catch {
      // The tile does without.
    }
  }

  /** @returns the picture as bigtransfer takes it: its path; of a huge one pixels, shrunk as they are decoded. */
  async open({ path }) {
    try {
      const { width, height } = await this.#sharp(path, WHATEVER_SIZE).metadata();
      return width * height > MAX_WHOLE_PIXELS ? await this.#shrunk(path) : path;
    } catch {
      return path;
    }
  }

  async #shrunk(path) {
    const { data, info } = await this.#smaller(path, DECODED_SIDE)
      .removeAlpha()
      .toColourspace('srgb')
      .raw()
      .toBuffer({ resolveWithObject: true });
    return { data, width: info.width, height: info.height, channels: info.channels };
  }

  #smaller(path, side) {
    return this.#sharp(path, WHATEVER_SIZE)
      .timeout({ seconds: PICTURE_MS / 1000 })
      .autoOrient()
      .resize(side, side, { fit: 'inside', withoutEnlargement: true });
  }

  take() {
    throw new Error('No picture was asked for.');
  }

  clear() {}
}

/** The page decodes each picture, to bounded pixels, and makes the thumbnail itself. */
class PageSource {
  name = 'page';
  #emit;
  /** Those that the page is at, by picture. */
  #asked = new Map();
  /** In the order of their last use. */
  #kept = new Map();

  constructor(emit) {
    this.#emit = emit;
  }

  async thumbnail() {}

  /** @returns the picture as bigtransfer takes it: raw pixels. */
  async open({ id, path }, signal) {
    const pixels = this.#kept.get(id) ?? (await this.#ask(id, path, signal));
    this.#kept.delete(id);
    this.#kept.set(id, pixels);
    if (this.#kept.size > KEPT) this.#kept.delete(this.#kept.keys().next().value);
    return pixels;
  }

  #ask(id, path, signal) {
    signal.throwIfAborted();
    const waiting = this.#asked.get(id);
    if (waiting) return waiting.answer;
    const asked = {};
    asked.answer = new Promise((resolve, reject) => Object.assign(asked, { resolve, reject }));
    this.#asked.set(id, asked);
    const giveUp = () => asked.reject(signal.reason);
    signal.addEventListener('abort', giveUp, { once: true });
    this.#emit({ event: 'decode', picture: id, path, ...LIMITS });
    return asked.answer.finally(() => {
      this.#asked.delete(id);
      signal.removeEventListener('abort', giveUp);
    });
  }

  /** What the page made of a picture. */
  take(id, { pixels, message }) {
    const asked = this.#asked.get(id);
    if (pixels) asked?.resolve(pixels);
    else asked?.reject(new Error(message));
  }

  clear() {
    this.#kept.clear();
  }
}

module.exports = { chooseSource };
