// Connections that are dead without saying so.

/** No byte for so long: the connection is dead, however slow the line. */
const STALL_MS = 30_000;

/** Aborts when nothing arrives for a while, or when the caller's signal does. */
export class StallTimer {
  private readonly controller = new AbortController();
  private readonly timer: NodeJS.Timeout;
  readonly signal: AbortSignal;

  constructor(signal?: AbortSignal) {
    const stalled = new Error(`nothing arrived for ${STALL_MS / 1000} seconds`);
    this.timer = setTimeout(() => this.controller.abort(stalled), STALL_MS);
    this.signal = signal
      ? AbortSignal.any([signal, this.controller.signal])
      : this.controller.signal;
  }

  restart(): void {
    this.timer.refresh();
  }

  end(): void {
    clearTimeout(this.timer);
  }
}
