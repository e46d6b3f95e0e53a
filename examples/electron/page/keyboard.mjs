// One tile at a time is in the order of the Tab key, with its buttons; arrow keys go from tile to tile.
/* global MutationObserver */

const STEPS = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: 'below', ArrowUp: 'above' };

/** @param {HTMLElement} grid whose children are tiles. */
export function rove(grid) {
  let current = null;
  const become = (tile) => {
    if (current && current !== tile) reachable(current, false);
    current = tile;
    if (tile) reachable(tile, true);
  };
  const keepOne = (changes) => {
    // Tiles that are new, and tiles whose labels have come.
    for (const { target } of changes) {
      const tiles = target === grid ? grid.children : [target.closest('.tile')];
      for (const tile of tiles) if (tile && tile !== current) reachable(tile, false);
    }
    become(grid.contains(current) ? current : grid.firstElementChild);
  };
  new MutationObserver(keepOne).observe(grid, { childList: true, subtree: true });
  grid.addEventListener('focusin', ({ target }) => become(target.closest('.tile')));
  grid.addEventListener('keydown', (event) => {
    const step = STEPS[event.key];
    if (step === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    neighbour(grid, current, step)?.focus();
  });
}

function reachable(tile, isReachable) {
  for (const each of [tile, ...tile.querySelectorAll('button')])
    each.tabIndex = isReachable ? 0 : -1;
}

function neighbour(grid, tile, step) {
  const tiles = [...grid.children];
  const columns = columnsOf(tiles);
  const by = { below: columns, above: -columns }[step] ?? step;
  return tiles[tiles.indexOf(tile) + by];
}

/** Tiles in the first row. */
function columnsOf(tiles) {
  const top = tiles[0]?.offsetTop;
  const count = tiles.findIndex(({ offsetTop }) => offsetTop !== top);
  return count === -1 ? tiles.length : count;
}
