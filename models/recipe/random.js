// The seeded random numbers behind every drawn scene, so that a picture is a function of its seed.

// Taken once: under a test runner's realm each look-up of a global is slow, and these are per pixel.
const { floor, imul } = Math;

/** Weyl increment: 2^32 divided by the golden ratio, made odd. */
const GOLDEN_STEP = 0x9e3779b9;
/** How many uniform draws are summed for an approximately normal one. */
const NORMAL_TERMS = 12;

/**
 * Mixes 32 bits so that each input bit reaches every output bit (the finaliser of MurmurHash3).
 *
 * @param {number} bits an integer; only its low 32 bits count
 * @returns {number} an integer in [0, 2^32)
 */
function mix(bits) {
  let word = bits >>> 0;
  word = imul(word ^ (word >>> 16), 0x85ebca6b);
  word = imul(word ^ (word >>> 13), 0xc2b2ae35);
  return (word ^ (word >>> 16)) >>> 0;
}

/**
 * A counter that steps by GOLDEN_STEP and is mixed at each draw (SplitMix with 32 bits: period 2^32).
 * Integers and divisions by powers of two only, so every JavaScript engine draws the same numbers.
 */
class Random {
  /** @param {...number} key integers that together name the stream, such as class and seed */
  constructor(...key) {
    this.state = key.reduce((state, part) => mix(mix(state) + GOLDEN_STEP + part), 0);
  }

  /** @returns {number} uniform in [0, 1) */
  next() {
    this.state = (this.state + GOLDEN_STEP) >>> 0;
    return mix(this.state) / 2 ** 32;
  }

  /** Uniform in [low, high). */
  between(low, high) {
    return low + (high - low) * this.next();
  }

  /** A uniform integer from low to high, both included. */
  integer(low, high) {
    return low + floor(this.next() * (high - low + 1));
  }

  chance(probability) {
    return this.next() < probability;
  }

  /** One of the given values, each as likely as the others. */
  pick(values) {
    return values[floor(this.next() * values.length)];
  }

  /** Close to normal with mean 0 and deviation 1: a sum of uniform draws, which needs no log or cos. */
  normal() {
    let sum = -NORMAL_TERMS / 2;
    for (let term = 0; term < NORMAL_TERMS; term += 1) sum += this.next();
    return sum;
  }
}

module.exports = { Random };
