// How well scores put those that have a label before those that do not.

/** Of the first examples; it doubles where there are more. */
const FIRST_ROOM = 1024;

/**
 * Of one label. It must remember every score, as float32 as networks give them: five bytes an example.
 */
export class AveragePrecision {
  private examples = 0;
  private scores = new Float32Array(FIRST_ROOM);
  private targets = new Uint8Array(FIRST_ROOM);

  add(score: number, isSo: boolean): void {
    if (this.examples === this.scores.length) this.grow();
    this.scores[this.examples] = score;
    this.targets[this.examples++] = isSo ? 1 : 0;
  }

  /**
   * The sum of the precision at each threshold, times what the recall gains there: scikit-learn's
   * average_precision_score, without interpolation.
   * @returns null where no example has the label; scikit-learn says 0.
   */
  value(): number | null {
    const { scores, targets, examples } = this;
    const order = Uint32Array.from({ length: examples }, (_, i) => i);
    order.sort((a, b) => (scores[b] as number) - (scores[a] as number));
    let sum = 0;
    let right = 0;
    for (let taken = 0; taken < examples;) {
      // Equal scores are above a threshold together, or none of them is.
      const score = scores[order[taken] as number];
      let gained = 0;
      for (; taken < examples && scores[order[taken] as number] === score; taken++)
        gained += targets[order[taken] as number] as number;
      right += gained;
      sum += (gained * right) / taken;
    }
    return right === 0 ? null : sum / right;
  }

  private grow(): void {
    const scores = new Float32Array(2 * this.examples);
    const targets = new Uint8Array(2 * this.examples);
    scores.set(this.scores);
    targets.set(this.targets);
    this.scores = scores;
    this.targets = targets;
  }
}
