// The least time that a card with a given bandwidth and matrix rate needs for a network in bfloat16.
'use strict';

const BYTES = 2; // of a bfloat16
const CHANNELS = 3;

/** Output of a window of `size` with the padding that keeps size / 2 on either side. */
const strided = (side, stride) => Math.ceil(side / stride);

/**
 * Everything that must be computed and moved, in elements, for a batch: convolutions as
 * { multiplyAdds, moved }, norms as { moved } with what they read and write once. A convolution reads
 * its input and weights and writes its output; a block's last one adds what it reads of the shortcut.
 */
function* work({ depths, width }, size, batch) {
  const map = (channels, side) => batch * channels * side * side;
  const convolution = (from, to, kernel, sideIn, sideOut, added = 0) => {
    const weights = from * to * kernel * kernel;
    const moved = map(from, sideIn) + weights + map(to, sideOut) + added;
    return { multiplyAdds: weights * batch * sideOut * sideOut, moved };
  };
  const norm = (channels, side) => ({
    isNorm: true,
    multiplyAdds: 0,
    moved: 2 * map(channels, side),
  });

  let channels = 64 * width;
  const stemSide = strided(size, 2);
  let side = strided(stemSide, 2);
  yield convolution(CHANNELS, channels, 7, size, stemSide);
  yield { multiplyAdds: 0, moved: map(channels, stemSide) + map(channels, side) }; // the pool
  for (const [stage, depth] of depths.entries()) {
    const out = 256 * width * 2 ** stage;
    const middle = out / 4;
    for (let block = 0; block < depth; block++) {
      const stride = stage > 0 && block === 0 ? 2 : 1;
      const sideOut = strided(side, stride);
      yield norm(channels, side);
      if (block === 0) yield convolution(channels, out, 1, side, sideOut);
      yield convolution(channels, middle, 1, side, side);
      yield norm(middle, side);
      yield convolution(middle, middle, 3, side, sideOut);
      yield norm(middle, sideOut);
      yield convolution(middle, out, 1, sideOut, sideOut, map(out, sideOut));
      channels = out;
      side = sideOut;
    }
  }
  yield { isNorm: true, multiplyAdds: 0, moved: map(channels, side) }; // the last norm, into the mean
}

/**
 * @param card bytes and operations per second
 * @returns milliseconds: `passes` with every norm as a pass of its own, which reads and writes once,
 *   `folded` with the norms done where the convolutions read and write.
 */
function roofline(network, size, batch, { bandwidth, rate }) {
  let passes = 0;
  let folded = 0;
  for (const { isNorm, multiplyAdds, moved } of work(network, size, batch)) {
    const seconds = Math.max((2 * multiplyAdds) / rate, (BYTES * moved) / bandwidth);
    passes += seconds;
    if (!isNorm) folded += seconds;
  }
  return { passes: 1000 * passes, folded: 1000 * folded };
}

/** Of one image, without the head's. */
function multiplyAdds(network, size) {
  let sum = 0;
  for (const each of work(network, size, 1)) sum += each.multiplyAdds;
  return sum;
}

module.exports = { multiplyAdds, roofline };
