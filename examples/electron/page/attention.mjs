// The maps that lie over pictures: made for tiles that are in sight, a few at a time, and forgotten out of sight.
/* global IntersectionObserver, ImageData, OffscreenCanvas, createImageBitmap */

/** Maps under way at once: the engine has pictures to look at too. */
const AT_ONCE = 2;
/** How far out of sight a tile may be whose map is made. */
const MARGIN = '200px';

export class Attention {
  #ask;
  #isOn = false;
  /** Tiles that have labels, by their node. */
  #tiles = new Map();
  #inSight = new Set();
  /** Waiting, each with the label that is wanted. */
  #queue = [];
  #running = 0;
  #observer = new IntersectionObserver((entries) => this.#moved(entries), { rootMargin: MARGIN });

  /** @param {(picture: number, label: number) => Promise<object>} ask see overlay() of api.d.ts */
  constructor(ask) {
    this.#ask = ask;
  }

  /** A tile that has got its labels. */
  watch(tile) {
    this.#tiles.set(tile.node, tile);
    tile.attends = this.#isOn;
    tile.mark();
    this.#observer.observe(tile.node);
  }

  /** All maps on or off. */
  toggle(isOn) {
    this.#isOn = isOn;
    for (const tile of this.#tiles.values()) this.#want(tile, isOn);
  }

  /** The map of a label; the same one again takes it away. */
  choose(tile, label) {
    const isShown = tile.attends && tile.label === label;
    tile.label = label;
    this.#want(tile, !isShown);
  }

  clear() {
    this.#observer.disconnect();
    this.#tiles.clear();
    this.#inSight.clear();
    this.#queue = [];
  }

  #want(tile, attends) {
    tile.attends = attends;
    tile.mark();
    if (!attends) tile.map(null);
    else if (this.#inSight.has(tile)) this.#enqueue(tile);
  }

  #moved(entries) {
    for (const { target, isIntersecting } of entries) {
      const tile = this.#tiles.get(target);
      if (!tile) continue;
      if (isIntersecting) {
        this.#inSight.add(tile);
        if (tile.attends) this.#enqueue(tile);
      } else {
        this.#inSight.delete(tile);
        tile.map(null);
      }
    }
  }

  #enqueue(tile) {
    this.#queue.push({ tile, label: tile.label });
    this.#next();
  }

  #next() {
    while (this.#running < AT_ONCE && this.#queue.length > 0) void this.#make(this.#queue.shift());
  }

  async #make({ tile, label }) {
    const isWanted = () => tile.attends && tile.label === label && this.#inSight.has(tile);
    if (!isWanted()) return;
    this.#running++;
    try {
      const drawn = await drawnOf(await this.#ask(tile.id, label));
      if (isWanted()) tile.map(drawn);
    } catch ({ message }) {
      tile.part('canvas').title = message;
    } finally {
      this.#running--;
      this.#next();
    }
  }
}

/** PNG or RGB pixels as something that a canvas draws. */
async function drawnOf({ png, pixels }) {
  if (png) return createImageBitmap(new Blob([png]));
  const { data, width, height } = pixels;
  const rgba = new Uint8ClampedArray(width * height * 4).fill(255);
  for (let pixel = 0; pixel < width * height; pixel++) {
    for (let channel = 0; channel < 3; channel++)
      rgba[4 * pixel + channel] = data[3 * pixel + channel];
  }
  const canvas = new OffscreenCanvas(width, height);
  canvas.getContext('2d').putImageData(new ImageData(rgba, width, height), 0, 0);
  return canvas;
}
