// The page: joins the shell's events to tiles, and buttons to the shell.
/* global document, window */
import { Attention } from './attention.mjs';
import { Decoder } from './decoder.mjs';
import { acceptDrops } from './drop.mjs';
import { Gallery } from './gallery.mjs';
import { rove } from './keyboard.mjs';
import { Status } from './status.mjs';

const { pictures } = window;
const element = (id) => document.getElementById(id);
const onClick = (id, action) => element(id).addEventListener('click', action);

const status = new Status(element);
const attention = new Attention((id, label) => pictures.overlay(id, label));
const gallery = new Gallery(element, { attention, findSimilar });
const decoder = new Decoder();

/** What the page does about each event of api.d.ts. */
const answers = {
  state(state) {
    // A new engine knows no pictures; it looks at them again.
    if (state.phase === 'starting') gallery.clear();
    status.engine(state);
  },
  found: ({ pictures: found }) => gallery.add(found),
  thumbnail: ({ picture, bytes }) => gallery.thumbnail(picture, new Blob([bytes])),
  decode,
  labels: ({ picture, labels }) => gallery.labels(picture, labels),
  duplicate: ({ picture, of, similarity }) => gallery.duplicate(picture, of, similarity),
  failed({ picture, message }) {
    gallery.failed(picture, message);
    status.failed();
  },
  skipped: ({ pictures: skipped }) => gallery.skipped(skipped),
  progress: (progress) => status.progress(progress),
  note: ({ message }) => status.note(message),
};

/** Where sharp does not load. */
async function decode(request) {
  const { picture } = request;
  try {
    const { pixels, thumbnail } = await decoder.decode(request);
    gallery.thumbnail(picture, thumbnail);
    await pictures.decoded(picture, { pixels });
  } catch ({ message }) {
    await pictures.decoded(picture, { message });
  }
}

async function findSimilar(tile) {
  try {
    gallery.showSimilar(tile, await pictures.similar(tile.id));
  } catch ({ message }) {
    status.note(message);
  }
}

async function clear() {
  gallery.clear();
  status.clear();
  await pictures.clear();
  // Pictures that were found before the engine knew of it have come meanwhile.
  gallery.clear();
  element('choose-pictures').focus();
}

const choose = (kind) => () => pictures.choose(kind).catch(({ message }) => status.note(message));

onClick('choose-pictures', choose('pictures'));
onClick('choose-folder', choose('folder'));
onClick('cancel', () => pictures.cancel());
onClick('clear', clear);
onClick('restart', () => pictures.restart());
onClick('all', () => gallery.showAll());
onClick('duplicates', () => gallery.toggleDuplicates());
element('attention').addEventListener('change', ({ target }) => attention.toggle(target.checked));
document.addEventListener('keydown', ({ key }) => key === 'Escape' && gallery.showAll());
rove(element('grid'));
acceptDrops(document.documentElement, {
  collect: pictures.collect,
  add: (files) => pictures.add(files).catch(({ message }) => status.note(message)),
});
pictures.listen((event) => answers[event.event]?.(event));
status.engine(await pictures.open());
