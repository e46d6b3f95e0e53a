// How alike pictures are: the cosine of the angle between what the network makes of them.
'use strict';

/** From this cosine on two pictures are called near-duplicates: as README has it, measured with the packaged model. */
const NEAR_DUPLICATE = 0.98;

/** @param {Float32Array} vector @returns {Float32Array} of length 1, in memory of its own. */
function unit(vector) {
  const length = Math.sqrt(dot(vector, vector));
  return vector.map((x) => x / (length || 1));
}

/** The cosine, of vectors of length 1. */
function dot(a, b) {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

/**
 * @param {{ id: number, embedding: Float32Array }} picture
 * @param {Iterable<{ id: number, embedding: Float32Array | null }>} others
 * @returns {{ picture: number, similarity: number }[]} the most alike first, without the picture itself.
 */
function ranked(picture, others) {
  const all = [];
  for (const { id, embedding } of others) {
    if (id !== picture.id && embedding)
      all.push({ picture: id, similarity: dot(picture.embedding, embedding) });
  }
  return all.sort((a, b) => b.similarity - a.similarity);
}

module.exports = { NEAR_DUPLICATE, dot, ranked, unit };
