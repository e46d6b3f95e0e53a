// Rank 0's side: waits for the others, and tells each what all of them gave.
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { BitError } from '../../errors';
import { orAborted } from '../../signal';
import {
  asError,
  isLoopback,
  ofRank,
  plainHost,
  Round,
  type Circle,
  type Ending,
  type FromFirst,
  type ToFirst,
} from './circle';
import { Line } from './line';
import type { MeetingPlace } from './place';

type GuestLine = Line<FromFirst, ToFirst>;

interface Guest {
  line: GuestLine;
  /** Where the others reach it, by itself. */
  host: string;
  /** Of this machine, where it reached us. */
  ours: string;
}

export class HostCircle implements Circle {
  readonly rank = 0;
  broken: BitError | null = null;
  private readonly server: Server;
  private readonly guests = new Map<number, Guest>();
  /** What they gave for this round. */
  private readonly given = new Map<number, unknown>();
  private round: Round | null = null;
  /** Until all are there. */
  private arrival: Round | null = new Round();
  /** Who has not said who it is. */
  private readonly strangers = new Set<GuestLine>();

  private constructor(private readonly place: MeetingPlace) {
    this.server = createServer((socket) => this.welcome(socket));
  }

  /**
   * Waits until all are there.
   * @throws BitError ERR_BIT_TRAINING for a port that is taken, and where some do not come; the signal's reason.
   */
  static async open(place: MeetingPlace, signal?: AbortSignal): Promise<HostCircle> {
    const circle = new HostCircle(place);
    try {
      await circle.listen();
      await place.onListening?.((circle.server.address() as AddressInfo).port);
      await circle.allThere(signal);
      return circle;
    } catch (error) {
      await circle.close({ code: 'ERR_BIT_TRAINING', message: (error as Error).message });
      throw error;
    } finally {
      circle.server.close();
    }
  }

  get host(): string {
    const addresses = [...this.guests.values()].map(({ ours }) => ours);
    return addresses.find((address) => !isLoopback(address)) ?? (addresses[0] as string);
  }

  gather(value: unknown): Promise<unknown[]> {
    if (this.broken) return Promise.reject(this.broken);
    this.given.set(0, value);
    this.round = new Round();
    const { values } = this.round;
    this.endRound();
    return values;
  }

  async close(ending: Ending | null): Promise<void> {
    this.server.close();
    this.leaveStrangers();
    const last: FromFirst | undefined = ending
      ? { kind: 'end', ending: endingOf(0, ending) }
      : undefined;
    await Promise.all([...this.guests.values()].map(({ line }) => line.end(last)));
  }

  private listen(): Promise<void> {
    const { masterAddr, masterPort } = this.place;
    return new Promise((resolve, reject) => {
      this.server.once('error', ({ message }) =>
        reject(new BitError('ERR_BIT_TRAINING', `Rank 0 cannot wait for the others: ${message}`)),
      );
      // Others of this machine alone come by its loopback address; else whatever they reach it by.
      const port = { port: masterPort };
      this.server.listen(isLoopback(masterAddr) ? { ...port, host: masterAddr } : port, resolve);
    });
  }

  private async allThere(signal?: AbortSignal): Promise<void> {
    const { arrival } = this;
    signal?.throwIfAborted();
    if (!arrival) return;
    const limit = setTimeout(() => arrival.fail(this.tooLate()), this.place.joinTimeoutMs);
    try {
      await orAborted(arrival.values, signal);
    } finally {
      clearTimeout(limit);
    }
  }

  private tooLate(): BitError {
    const { joinTimeoutMs, masterAddr, worldSize } = this.place;
    const others = Array.from({ length: worldSize - 1 }, (_, i) => i + 1);
    const missing = others.filter((rank) => !this.guests.has(rank));
    const { port } = this.server.address() as AddressInfo;
    return new BitError(
      'ERR_BIT_TRAINING',
      `Of ${worldSize} processes those of rank ${missing.join(', ')} have not come to ` +
        `${masterAddr}:${port} within ${joinTimeoutMs / 1000} s (distributed.joinTimeoutMs)`,
    );
  }

  /** Whoever comes has to say who it is. */
  private welcome(socket: Socket): void {
    let rank: number | null = null;
    const ours = plainHost(socket.localAddress);
    const line: GuestLine = new Line(socket, this.place.timeoutMs, {
      message: (message) => {
        if (rank !== null) this.hear(rank, message);
        else rank = this.admit(message, line, ours);
      },
      lost: (why) => {
        this.strangers.delete(line);
        if (rank !== null) this.lose(rank, why);
      },
    });
    this.strangers.add(line);
  }

  /** @returns the rank of one that may take part. */
  private admit(message: ToFirst, line: GuestLine, ours: string): number | null {
    this.strangers.delete(line);
    const why = this.refusal(message);
    if (message.kind !== 'hello' || why !== null) {
      void line.end({ kind: 'refused', why: why ?? 'rank 0 does not know what that means' });
      return null;
    }
    line.isTrusted = true;
    this.guests.set(message.rank, { line, host: message.host, ours });
    if (this.guests.size === this.place.worldSize - 1) this.begin();
    return message.rank;
  }

  private refusal(message: ToFirst): string | null {
    const { worldSize } = this.place;
    if (message.kind !== 'hello') return null;
    if (message.worldSize !== worldSize)
      return `rank 0 is one of ${worldSize} processes, and this one of ${message.worldSize}`;
    const { rank } = message;
    if (!(Number.isInteger(rank) && rank > 0 && rank < worldSize))
      return `there is no rank ${rank}`;
    return this.guests.has(rank) ? `there is another process of rank ${rank}` : null;
  }

  private begin(): void {
    for (const { line, host } of this.guests.values())
      line.send({ kind: 'joined', host: isLoopback(host) ? this.host : host });
    this.arrival?.end([]);
    this.arrival = null;
    this.leaveStrangers();
  }

  private leaveStrangers(): void {
    for (const line of this.strangers) void line.end();
  }

  private hear(rank: number, message: ToFirst): void {
    if (message.kind === 'give') {
      this.given.set(rank, message.value);
      this.endRound();
    } else if (message.kind === 'end') {
      this.break(endingOf(rank, message.ending));
    }
  }

  private endRound(): void {
    if (!this.round || this.given.size < this.place.worldSize) return;
    const values = Array.from({ length: this.place.worldSize }, (_, rank) => this.given.get(rank));
    this.given.clear();
    for (const { line } of this.guests.values()) line.send({ kind: 'all', values });
    this.round.end(values);
    this.round = null;
  }

  private lose(rank: number, why: string): void {
    this.guests.delete(rank);
    // Before all are there it may come again.
    if (!this.arrival) this.break({ code: 'ERR_BIT_TRAINING', message: ofRank(rank, why) });
  }

  /** All end, with the same words. */
  private break(ending: Ending): void {
    if (this.broken) return;
    this.broken = asError(ending);
    for (const { line } of this.guests.values()) line.send({ kind: 'end', ending });
    this.round?.fail(this.broken);
    this.round = null;
  }
}

/** As the others are told it. */
const endingOf = (rank: number, ending: Ending | null): Ending =>
  ending
    ? { code: ending.code, message: `Rank ${rank}: ${ending.message}` }
    : { code: 'ERR_BIT_TRAINING', message: ofRank(rank, 'has left') };
