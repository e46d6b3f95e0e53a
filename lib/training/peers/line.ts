// A connection between two processes: messages, each a line of JSON, and signs of life between them.
import type { Socket } from 'node:net';

/** Of a time limit: one sign that is late means nothing. */
const SIGNS = 5;
/** How long the end of a connection may take. */
const END_MS = 1000;
/** What somebody may send who has not said who it is. */
const MOST_LETTERS = 10_000;

export interface LineEvents<Received> {
  message: (message: Received) => void;
  /** Called once, where the other side has gone or is silent; `why` in words, such as `has been silent for 45 s`. */
  lost: (why: string) => void;
}

export class Line<Sent extends object, Received extends object> {
  private part = '';
  private isOpen = true;
  /** Whether any length of message is taken. */
  isTrusted = false;
  private silence = 0;
  private readonly signs: NodeJS.Timeout;

  /** @param timeoutMs after how much silence the other side counts as lost. */
  constructor(
    private readonly socket: Socket,
    private readonly timeoutMs: number,
    private readonly events: LineEvents<Received>,
  ) {
    socket.setNoDelay(true);
    socket.setEncoding('utf8');
    socket.on('data', (text: string) => this.read(text));
    socket.on('error', (error) => this.lose(`is gone: ${error.message}`));
    socket.on('close', () => this.lose('is gone: its connection was closed'));
    this.signs = setInterval(() => this.tick(), timeoutMs / SIGNS);
  }

  send(message: Sent): void {
    if (this.isOpen) this.socket.write(`${JSON.stringify(message)}\n`);
  }

  /** Ends the connection after a last message; resolves once that is on its way. */
  async end(message?: Sent): Promise<void> {
    if (!this.isOpen) return;
    this.leave();
    const last = message && `${JSON.stringify(message)}\n`;
    await new Promise<void>((resolve) => {
      const limit = setTimeout(resolve, END_MS);
      this.socket.end(last ?? '', () => {
        clearTimeout(limit);
        resolve();
      });
    });
    this.socket.destroySoon();
    this.socket.unref();
  }

  /** Signs are counted rather than timed: a process that was held up itself has not listened. */
  private tick(): void {
    this.socket.write('\n');
    if (++this.silence <= SIGNS) return;
    this.lose(`has been silent for ${this.timeoutMs / 1000} s (distributed.timeoutMs)`);
  }

  private read(text: string): void {
    this.silence = 0;
    const lines = text.split('\n');
    lines[0] = this.part + (lines[0] as string);
    this.part = lines.pop() as string;
    if (!this.isTrusted && this.part.length > MOST_LETTERS) return this.lose('says too much');
    for (const line of lines) if (line !== '') this.take(line);
  }

  private take(line: string): void {
    if (!this.isOpen) return;
    const message = parsed<Received>(line);
    if (message) this.events.message(message);
    else this.lose('says what is no message of a training');
  }

  private lose(why: string): void {
    if (!this.isOpen) return;
    this.leave();
    this.socket.destroy();
    this.events.lost(why);
  }

  private leave(): void {
    this.isOpen = false;
    clearInterval(this.signs);
  }
}

function parsed<Received extends object>(line: string): Received | null {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' ? (value as Received | null) : null;
  } catch {
    return null;
  }
}
