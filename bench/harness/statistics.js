// Sums up samples, and mixes the order in which peers take turns.
'use strict';

function median(samples) {
  const sorted = [...samples].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

function cosine(a, b) {
  let dot = 0;
  let aa = 0;
  let bb = 0;
  a.forEach((value, i) => {
    dot += value * b[i];
    aa += value * value;
    bb += b[i] * b[i];
  });
  return dot / Math.sqrt(aa * bb);
}

/** Largest difference, as a fraction of b's largest magnitude. */
function difference(a, b) {
  const largest = b.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i])), 0) / largest;
}

/** Everyone's turn once, beginning one further on in each round: no peer always follows the same one's heat. */
function turn(list, round) {
  return list.map((_, i) => list[(i + round) % list.length]);
}

module.exports = { cosine, difference, median, turn };
