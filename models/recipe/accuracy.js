// How often a model names the drawn thing: what its card states, from our own evaluate().

const { evaluate } = require('../..');

/** To four digits, as many as a share of a few thousand pictures has. */
const share = (value) => Number(value.toFixed(4));

/**
 * Measures a classifier on a folder of pictures.
 *
 * @param {string} model its directory
 * @param {string} folder one folder per class, as render.js writes them
 * @param {{ first: number, perClass: number }} seeds of the pictures
 * @returns {Promise<object>} shares from 0 to 1; `interval` is Wilson's, 95 %; mistakes as `true as guessed`
 */
async function measureAccuracy(model, folder, { first, perClass }) {
  const {
    accuracy,
    interval,
    examples,
    perClass: classes,
    confusion,
  } = await evaluate(model, folder);
  const mistakes = confusion.matrix.flatMap((row, target) =>
    row.flatMap((count, predicted) =>
      count === 0 || target === predicted
        ? []
        : [[`${classes[target].label} as ${classes[predicted].label}`, count]],
    ),
  );
  mistakes.sort(([a, many], [b, more]) => more - many || (a < b ? -1 : 1));
  return {
    accuracy,
    interval: interval.map(share),
    pictures: examples,
    perClass: Object.fromEntries(classes.map(({ label, recall }) => [label, recall])),
    mistakes: Object.fromEntries(mistakes),
    seeds: { first, last: first + perClass - 1, perClass },
  };
}

module.exports = { measureAccuracy };
