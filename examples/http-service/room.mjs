// How much of what clients send may be in memory at a time, over all of them.
import { overloaded } from './problems.mjs';

export class Room {
  #maxBytes;
  #maxUploads;
  #bytes = 0;
  #uploads = 0;

  constructor({ maxHeldBytes, maxUploads }) {
    this.#maxBytes = maxHeldBytes;
    this.#maxUploads = maxUploads;
  }

  /** Bytes of uploads that are arriving or being worked on. */
  get bytes() {
    return this.#bytes;
  }

  /** Uploads that have arrived and are being worked on. */
  get uploads() {
    return this.#uploads;
  }

  /** Before an upload of so many bytes begins. @throws Problem 503. */
  expectFor(bytes) {
    if (this.#uploads >= this.#maxUploads || this.#bytes + bytes > this.#maxBytes) throw full();
  }

  /**
   * A place for one upload. Only what has arrived takes room, so that clients who announce much and send slowly keep
   * nobody out.
   */
  hold() {
    let bytes = 0;
    let isWorkedOn = false;
    return {
      /** @throws Problem 503. */
      add: (count) => {
        if (this.#bytes + count > this.#maxBytes) throw full();
        this.#bytes += count;
        bytes += count;
      },
      /** The upload has arrived. @throws Problem 503. */
      work: () => {
        if (this.#uploads >= this.#maxUploads) throw full();
        this.#uploads++;
        isWorkedOn = true;
      },
      release: () => {
        this.#bytes -= bytes;
        if (isWorkedOn) this.#uploads--;
        bytes = 0;
        isWorkedOn = false;
      },
    };
  }
}

const full = () => overloaded('There are too many uploads just now; try again later');
