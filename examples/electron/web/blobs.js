// JSON in which bytes are left out and fetched apart: what Electron's messages can carry and HTTP's cannot.
'use strict';

/** Bytes that wait to be fetched, each once. */
class Blobs {
  #waiting = new Map();
  #next = 1;

  put(bytes) {
    const token = this.#next++;
    this.#waiting.set(token, bytes);
    return token;
  }

  take(token) {
    const bytes = this.#waiting.get(token);
    this.#waiting.delete(token);
    return bytes;
  }

  clear() {
    this.#waiting.clear();
  }

  /** A message with `{ $blob: token }` in place of bytes. */
  pack(message) {
    return JSON.stringify(message, (_key, value) =>
      ArrayBuffer.isView(value) ? { $blob: this.put(value) } : value,
    );
  }

  unpack(text) {
    return JSON.parse(text, (_key, value) =>
      value?.$blob === undefined ? value : this.take(value.$blob),
    );
  }
}

module.exports = { Blobs };
