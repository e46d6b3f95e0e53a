// The side of all ranks but 0: comes to rank 0, and hears of all others from it.
import { connect, type Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { BitError } from '../../errors';
import { onAbort, orAborted } from '../../signal';
import {
  asError,
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

/** Between attempts to reach rank 0, which may start later. */
const AGAIN_MS = 100;
/** Of one attempt. */
const ATTEMPT_MS = 5000;

export class GuestCircle implements Circle {
  readonly rank: number;
  host = '';
  broken: BitError | null = null;
  private readonly line: Line<ToFirst, FromFirst>;
  private round: Round | null = null;

  private constructor(socket: Socket, { rank, worldSize, timeoutMs }: MeetingPlace) {
    this.rank = rank;
    this.line = new Line(socket, timeoutMs, {
      message: (message) => this.hear(message),
      lost: (why) => this.break({ code: 'ERR_BIT_TRAINING', message: ofRank(0, why) }),
    });
    this.line.isTrusted = true;
    this.line.send({ kind: 'hello', rank, worldSize, host: plainHost(socket.localAddress) });
  }

  /**
   * Waits until all are there.
   * @throws BitError ERR_BIT_TRAINING where rank 0 cannot be reached, refuses this one, or gives up; the signal's reason.
   */
  static async open(place: MeetingPlace, signal?: AbortSignal): Promise<GuestCircle> {
    const circle = new GuestCircle(await reach(place, signal), place);
    try {
      signal?.throwIfAborted();
      circle.round = new Round();
      await orAborted(circle.round.values, signal);
      return circle;
    } catch (error) {
      await circle.close(null);
      throw error;
    }
  }

  gather(value: unknown): Promise<unknown[]> {
    if (this.broken) return Promise.reject(this.broken);
    this.round = new Round();
    this.line.send({ kind: 'give', value });
    return this.round.values;
  }

  close(ending: Ending | null): Promise<void> {
    return this.line.end({ kind: 'end', ending });
  }

  private hear(message: FromFirst): void {
    switch (message.kind) {
      case 'joined':
        this.host = message.host;
        return this.endRound([]);
      case 'all':
        return this.endRound(message.values);
      case 'refused':
        return this.break({
          code: 'ERR_BIT_TRAINING',
          message: `Rank ${this.rank}: ${message.why}`,
        });
      case 'end':
        return this.break(message.ending);
    }
  }

  private endRound(values: unknown[]): void {
    this.round?.end(values);
    this.round = null;
  }

  private break(ending: Ending): void {
    this.broken ??= asError(ending);
    this.round?.fail(this.broken);
    this.round = null;
  }
}

/** @throws BitError ERR_BIT_TRAINING; the signal's reason. */
async function reach(place: MeetingPlace, signal?: AbortSignal): Promise<Socket> {
  const { masterAddr, masterPort, joinTimeoutMs } = place;
  for (const end = Date.now() + joinTimeoutMs; ; await wait(AGAIN_MS)) {
    signal?.throwIfAborted();
    try {
      const limit = Math.min(ATTEMPT_MS, Math.max(1, end - Date.now()));
      return await attempt(masterAddr, masterPort, limit, signal);
    } catch (cause) {
      signal?.throwIfAborted();
      if (Date.now() < end) continue;
      const message =
        `Rank 0 cannot be reached at ${masterAddr}:${masterPort} for ${joinTimeoutMs / 1000} s ` +
        `(distributed.joinTimeoutMs): ${(cause as Error).message || 'nobody answers'}`;
      throw new BitError('ERR_BIT_TRAINING', message, { cause });
    }
  }
}

function attempt(
  host: string,
  port: number,
  limitMs: number,
  signal?: AbortSignal,
): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port });
    const leave = () => {
      clearTimeout(limit);
      stopListening();
      socket.off('error', fail);
    };
    const fail = (error: Error) => {
      leave();
      socket.on('error', () => undefined);
      socket.destroy();
      reject(error);
    };
    const limit = setTimeout(() => fail(new Error('nobody answers')), limitMs);
    const stopListening = onAbort(signal, () => fail(signal?.reason as Error));
    socket.once('error', fail);
    socket.once('connect', () => {
      leave();
      resolve(socket);
    });
  });
}
