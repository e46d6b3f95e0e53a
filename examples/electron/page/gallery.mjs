// All tiles, and which of them are shown: all, those like one of them, or those that are there twice.
import { Tile } from './tile.mjs';

/** Pictures that a search shows. */
const NEAREST = 60;

export class Gallery {
  #element;
  #attention;
  #actions;
  /** By picture. */
  #tiles = new Map();
  /** What each near-duplicate is one of, by picture. */
  #twins = new Map();
  #view = 'all';
  /** The tile that was searched for: where the focus goes back to. */
  #searched = null;

  /** @param {{ attention: import('./attention.mjs').Attention, findSimilar: (tile: Tile) => void }} options */
  constructor(element, { attention, findSimilar }) {
    this.#element = element;
    this.#attention = attention;
    this.#actions = {
      onLabel: (tile, index) => attention.choose(tile, index),
      onSimilar: findSimilar,
      onTwin: findSimilar,
    };
  }

  /** @param {{ picture: number, name: string }[]} found */
  add(found) {
    const isNew = ({ picture }) => !this.#tiles.has(picture);
    // One that was passed over is looked at after all.
    for (const { picture } of found) this.#tiles.get(picture)?.state('Waiting');
    const tiles = found.filter(isNew).map((each) => new Tile(each, this.#actions));
    for (const tile of tiles) this.#tiles.set(tile.id, tile);
    if (this.#view === 'all') this.#element('grid').append(...tiles.map(({ node }) => node));
    this.#tell();
  }

  thumbnail(id, blob) {
    this.#tiles.get(id)?.thumbnail(blob);
  }

  labels(id, labels) {
    const tile = this.#tiles.get(id);
    if (!tile) return;
    tile.labels(labels);
    this.#attention.watch(tile);
  }

  failed(id, message) {
    this.#tiles.get(id)?.failed(message);
  }

  skipped(ids) {
    for (const id of ids) this.#tiles.get(id)?.state('Not looked at');
  }

  duplicate(id, of, similarity) {
    const [tile, original] = [this.#tiles.get(id), this.#tiles.get(of)];
    if (!tile || !original) return;
    this.#twins.set(id, this.#twins.get(of) ?? of);
    tile.twin(original, similarity);
    this.#tell();
  }

  /** @param {{ picture: number, similarity: number }[]} found the most alike first. */
  showSimilar(tile, found) {
    this.showAll();
    const alike = found.slice(0, NEAREST).filter(({ picture }) => this.#tiles.has(picture));
    for (const { picture, similarity } of alike)
      this.#tiles.get(picture).badge(similarity.toFixed(3));
    tile.badge('this one');
    this.#searched = tile;
    const tiles = [tile, ...alike.map(({ picture }) => this.#tiles.get(picture))];
    this.#show('similar', tiles, `Like ${tile.name}`);
  }

  toggleDuplicates() {
    if (this.#view === 'duplicates') return this.showAll();
    const groups = new Map();
    for (const [id, of] of this.#twins) groups.set(of, [...(groups.get(of) ?? [of]), id]);
    const tiles = [...groups.values()].flat().map((id) => this.#tiles.get(id));
    this.showAll();
    this.#show('duplicates', tiles, 'Near-duplicates');
  }

  showAll() {
    if (this.#view === 'all') return;
    for (const tile of this.#tiles.values()) tile.badge(null);
    this.#show('all', [...this.#tiles.values()], '');
    this.#searched?.node.focus();
    this.#searched = null;
  }

  #show(view, tiles, title) {
    this.#view = view;
    this.#element('grid').replaceChildren(...tiles.map(({ node }) => node));
    const bar = this.#element('view');
    bar.hidden = view === 'all';
    bar.firstElementChild.textContent = this.#element('spoken').textContent = title;
    this.#tell();
    if (view === 'all') return;
    bar.scrollIntoView({ block: 'nearest' });
    this.#element('all').focus();
  }

  clear() {
    for (const tile of this.#tiles.values()) tile.remove();
    this.#tiles.clear();
    this.#twins.clear();
    this.#attention.clear();
    this.#searched = null;
    this.#show('all', [], '');
  }

  #tell() {
    const isEmpty = this.#tiles.size === 0;
    this.#element('empty').hidden = !isEmpty;
    this.#element('clear').hidden = this.#element('views').hidden = isEmpty;
    const duplicates = this.#element('duplicates');
    duplicates.hidden = this.#twins.size === 0;
    duplicates.textContent = `Near-duplicates (${this.#twins.size})`;
    duplicates.setAttribute('aria-pressed', String(this.#view === 'duplicates'));
  }
}
