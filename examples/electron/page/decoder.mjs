// Decodes pictures for an engine that cannot, in a worker and to bounded pixels.
/* global Worker */

export class Decoder {
  #worker = null;
  /** Pictures at the worker, by id: what to do with its answer. */
  #waiting = new Map();

  /**
   * @param {{ picture: number, side: number, thumbnailSide: number, maxPixels: number }} request as in api.d.ts.
   * @returns {Promise<{ pixels: { data: Uint8Array, width: number, height: number }, thumbnail: Blob }>}
   */
  decode(request) {
    this.#worker ??= this.#start();
    return new Promise((resolve, reject) => {
      this.#waiting.set(request.picture, { resolve, reject });
      this.#worker.postMessage(request);
    });
  }

  #start() {
    const worker = new Worker('decoder_worker.mjs', { type: 'module', name: 'decoder' });
    worker.addEventListener('message', ({ data: { picture, message, ...decoded } }) => {
      const { resolve, reject } = this.#waiting.get(picture);
      this.#waiting.delete(picture);
      if (message) reject(new Error(message));
      else resolve(decoded);
    });
    worker.addEventListener('error', ({ message }) => {
      for (const { reject } of this.#waiting.values()) reject(new Error(message));
      this.#waiting.clear();
      this.#worker = null;
    });
    return worker;
  }
}
