// The table of drawings: a class name for each, in the order of the model's labels.

const animals = require('./drawings-animals');
const indoors = require('./drawings-indoors');
const outdoors = require('./drawings-outdoors');
const plants = require('./drawings-plants');
const vehicles = require('./drawings-vehicles');

/**
 * Draws one thing in its own unit square, [-50, 50] in both directions, y downwards.
 *
 * @typedef {(random: import('./random').Random) => string} Drawing SVG elements, without a root
 */

/** @type {Record<string, Drawing>} */
const DRAWINGS = {
  apple: plants.apple,
  balloon: vehicles.balloon,
  boat: vehicles.boat,
  butterfly: animals.butterfly,
  car: vehicles.car,
  cat: animals.cat,
  clock: indoors.clock,
  cup: indoors.cup,
  fish: animals.fish,
  flower: plants.flower,
  house: outdoors.house,
  mushroom: plants.mushroom,
  rocket: vehicles.rocket,
  snowman: outdoors.snowman,
  tree: plants.tree,
  umbrella: indoors.umbrella,
};

/** Class names; a name's place is its label id. */
const CLASSES = Object.keys(DRAWINGS);

module.exports = { CLASSES, DRAWINGS };
