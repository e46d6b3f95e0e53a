// One picture: its thumbnail, its labels, the map that lies over it, and what went wrong with it.
/* global document */

const percent = new Intl.NumberFormat('en', { style: 'percent', minimumFractionDigits: 1 });

export class Tile {
  /** Index of the label whose map is shown, or would be. */
  label = null;
  /** Whether the map is wanted. */
  attends = false;
  #node;
  #url = null;
  #labels = [];

  /**
   * @param {{ onLabel: (tile: Tile, index: number) => void, onSimilar: (tile: Tile) => void,
   *   onTwin: (tile: Tile) => void }} actions
   */
  constructor({ picture, name }, { onLabel, onSimilar, onTwin }) {
    this.id = picture;
    this.name = name;
    this.onLabel = onLabel;
    const template = document.getElementById('tile');
    this.#node = template.content.firstElementChild.cloneNode(true);
    const title = this.part('.name');
    title.textContent = title.title = name;
    this.#node.setAttribute('aria-label', name);
    this.part('img').alt = name;
    this.part('.similar').addEventListener('click', () => onSimilar(this));
    this.part('.twin button').addEventListener('click', () => onTwin(this));
  }

  get node() {
    return this.#node;
  }

  get isLabelled() {
    return this.#labels.length > 0;
  }

  part(selector) {
    return this.#node.querySelector(selector);
  }

  /** @param {Blob} blob */
  thumbnail(blob) {
    this.#forget();
    this.#url = URL.createObjectURL(blob);
    const image = this.part('img');
    image.src = this.#url;
    image.hidden = false;
  }

  labels(labels) {
    this.#labels = labels;
    this.label = labels[0]?.index ?? null;
    const list = this.part('.labels');
    list.replaceChildren(...labels.map((each) => this.#row(each)));
    list.hidden = false;
    this.part('.state').hidden = true;
    this.part('.similar').hidden = false;
    this.part('img').alt = `${this.name}: ${labels[0]?.label ?? ''}`;
  }

  #row({ index, label, score }) {
    const button = document.createElement('button');
    const parts = [label, percent.format(score)].map((text) => {
      const part = document.createElement('span');
      part.textContent = text;
      return part;
    });
    button.type = 'button';
    button.className = 'label';
    button.title = `What spoke for ${label}?`;
    button.setAttribute('aria-pressed', 'false');
    button.style.setProperty('--score', score);
    button.dataset.label = index;
    button.append(...parts);
    button.addEventListener('click', () => this.onLabel(this, index));
    const row = document.createElement('li');
    row.append(button);
    return row;
  }

  /** @param {HTMLCanvasElement | ImageBitmap | null} drawn the picture with its map; null for the picture alone. */
  map(drawn) {
    const canvas = this.part('canvas');
    canvas.hidden = drawn === null;
    if (!drawn) return;
    const { label } = this.#labels.find(({ index }) => index === this.label);
    canvas.setAttribute('aria-label', `${this.name}: what spoke for ${label}, and what against`);
    [canvas.width, canvas.height] = [drawn.width, drawn.height];
    canvas.getContext('2d').drawImage(drawn, 0, 0);
  }

  /** Marks the label whose map is wanted, if one is. */
  mark() {
    for (const button of this.#node.querySelectorAll('.label')) {
      const isShown = this.attends && Number(button.dataset.label) === this.label;
      button.setAttribute('aria-pressed', String(isShown));
    }
  }

  /** @param {string | null} text how alike it is to the picture that was searched for. */
  badge(text) {
    const badge = this.part('.badge');
    badge.hidden = text === null;
    badge.textContent = text ?? '';
  }

  twin({ name }, similarity) {
    const twin = this.part('.twin');
    twin.hidden = false;
    twin.firstElementChild.textContent = `Near-duplicate of ${name} (${similarity.toFixed(3)})`;
  }

  failed(message) {
    this.#node.classList.add('failed');
    this.state(message);
  }

  state(text) {
    this.part('.state').textContent = text;
  }

  /** Frees what the browser keeps for it. */
  remove() {
    this.#forget();
    this.#node.remove();
  }

  #forget() {
    if (this.#url) URL.revokeObjectURL(this.#url);
  }
}
