// Work of one's own on a picture, in plain JavaScript: how sharp it is, and a fingerprint by which copies are known.

/** Of red, green and blue in brightness (ITU-R BT.601). */
const [RED, GREEN, BLUE] = [0.299, 0.587, 0.114];
/** The fingerprint compares neighbours in rows of so many places, and has so many rows: 64 bits. */
const PLACES = 9;
const ROWS = 8;

/** Brightness of each pixel, 0 to 255. */
export function brightnessOf({ data, width, height }) {
  const values = new Float32Array(width * height);
  for (let i = 0, at = 0; i < values.length; i++, at += 3)
    values[i] = RED * data[at] + GREEN * data[at + 1] + BLUE * data[at + 2];
  return { values, width, height };
}

/** The variance of the Laplacian: small for a picture that is out of focus. */
export function sharpnessOf({ values, width, height }) {
  let sum = 0;
  let squares = 0;
  for (let y = 1; y < height - 1; y++)
    for (let x = 1; x < width - 1; x++) {
      const at = y * width + x;
      const around = values[at - 1] + values[at + 1] + values[at - width] + values[at + width];
      const value = around - 4 * values[at];
      sum += value;
      squares += value * value;
    }
  const count = Math.max(0, width - 2) * Math.max(0, height - 2);
  return count === 0 ? 0 : squares / count - (sum / count) ** 2;
}

/** The difference hash: 16 hexadecimal digits that hardly change with size, format and small retouches. */
export function fingerprintOf(brightness) {
  let bits = 0n;
  for (let row = 0; row < ROWS; row++) {
    const means = Array.from({ length: PLACES }, (_, place) => meanOf(brightness, place, row));
    for (let i = 1; i < PLACES; i++) bits = (bits << 1n) | (means[i] > means[i - 1] ? 1n : 0n);
  }
  return bits.toString(16).padStart((ROWS * (PLACES - 1)) / 4, '0');
}

/** Of a cell of the grid; at least one pixel. */
function meanOf({ values, width, height }, place, row) {
  const [left, right] = boundsOf(place, PLACES, width);
  const [top, bottom] = boundsOf(row, ROWS, height);
  let sum = 0;
  for (let y = top; y < bottom; y++)
    for (let x = left; x < right; x++) sum += values[y * width + x];
  return sum / ((right - left) * (bottom - top));
}

function boundsOf(cell, cells, length) {
  const start = Math.floor((cell * length) / cells);
  return [start, Math.max(start + 1, Math.floor(((cell + 1) * length) / cells))];
}
