// What is going on, in words: for the eye as it changes, for a screen reader when it matters.

const plural = new Intl.PluralRules('en');
const counted = (count) => `${count} ${plural.select(count) === 'one' ? 'picture' : 'pictures'}`;

export class Status {
  #element;
  #failed = 0;
  #isBusy = false;
  #isReady = false;
  #found = 0;
  #notes = new Set();

  constructor(element) {
    this.#element = element;
  }

  /** @param {import('./api').State} state */
  engine({ phase, reason, decoder }) {
    this.#isReady = phase === 'ready';
    const problem = this.#element('problem');
    problem.hidden = reason === null;
    if (reason !== null) {
      const what =
        phase === 'stopped' ? '' : ' It was started anew, and looks at the pictures again.';
      problem.firstElementChild.textContent = `${reason}${what}`;
    }
    this.#element('restart').hidden = phase !== 'stopped';
    if (phase !== 'ready') this.clear();
    if (phase === 'ready' && decoder === 'page')
      this.note('This window decodes the pictures itself, since sharp does not run here.');
    this.#write();
  }

  progress({ found, done, isBusy }) {
    const bar = this.#element('progress');
    bar.hidden = this.#element('cancel').hidden = !isBusy;
    [bar.max, bar.value] = [Math.max(found, 1), done];
    if (isBusy !== this.#isBusy) this.#say(isBusy ? 'Looking at pictures.' : this.#done(found));
    this.#isBusy = isBusy;
    this.#found = found;
    this.#write(done);
  }

  failed() {
    this.#failed++;
  }

  note(text) {
    this.#notes.add(text);
    const note = this.#element('note');
    note.hidden = false;
    note.textContent = [...this.#notes].join(' ');
  }

  clear() {
    this.#failed = 0;
    this.#notes.clear();
    this.#element('note').hidden = true;
    this.progress({ found: 0, done: 0, isBusy: false });
  }

  #write(done = 0) {
    const text = this.#isBusy
      ? `${done} of ${counted(this.#found)}`
      : this.#isReady || this.#found > 0
        ? this.#done(this.#found)
        : 'Loading the model…';
    this.#element('status').textContent = text;
  }

  #done(found) {
    if (found === 0) return '';
    const failed = this.#failed > 0 ? `, ${this.#failed} of which cannot be read` : '';
    return `${counted(found)}${failed}`;
  }

  #say(text) {
    this.#element('spoken').textContent = text;
  }
}
