// Turns for what takes much memory: so much of it at a time, the rest in the order in which it came.

export class Turns {
  #free;
  #most;
  #waiting = [];

  constructor(most) {
    this.#free = most;
    this.#most = most;
  }

  /**
   * Waits for room for `size`; what is larger than all there is takes all. What takes none never waits.
   * @returns what gives it back.
   * @throws the signal's reason, if that comes first.
   */
  async take(size, signal) {
    const wanted = Math.min(size, this.#most);
    if (wanted > 0) await this.#turn(wanted, signal);
    return () => {
      this.#free += wanted;
      this.#admit();
    };
  }

  #turn(wanted, signal) {
    return new Promise((resolve, reject) => {
      const leave = () => {
        this.#waiting.splice(this.#waiting.indexOf(entry), 1);
        reject(signal.reason);
        this.#admit();
      };
      const enter = () => {
        signal.removeEventListener('abort', leave);
        resolve();
      };
      const entry = { wanted, enter };
      signal.addEventListener('abort', leave, { once: true });
      this.#waiting.push(entry);
      this.#admit();
    });
  }

  #admit() {
    while (this.#waiting.length > 0 && this.#waiting[0].wanted <= this.#free) {
      const { wanted, enter } = this.#waiting.shift();
      this.#free -= wanted;
      enter();
    }
  }
}
