// What processes that train together tell each other: rank 0 has a connection with each of the others, by which they
// find each other, agree, and notice that one is gone. The numbers that they sum up go another way (NativePeers).
import { BitError, type BitErrorCode } from '../../errors';

/** What ends a process of a run, as the others are told. */
export interface Ending {
  code: BitErrorCode;
  message: string;
}

/** From rank 0. */
export type FromFirst =
  /** To whoever cannot take part. */
  | { kind: 'refused'; why: string }
  /** All are there; `host` is where the others are to reach this one. */
  | { kind: 'joined'; host: string }
  /** What each of them gave, by rank. */
  | { kind: 'all'; values: unknown[] }
  | { kind: 'end'; ending: Ending };

/** To rank 0. */
export type ToFirst =
  | { kind: 'hello'; rank: number; worldSize: number; host: string }
  | { kind: 'give'; value: unknown }
  /** Of this one; null where it has done its part. */
  | { kind: 'end'; ending: Ending | null };

/** One process's way to all of them. */
export interface Circle {
  readonly rank: number;
  /** Where the others are to reach this process. */
  readonly host: string;
  /** Why it is broken; null as long as it is whole. */
  readonly broken: BitError | null;
  /**
   * What each of them gives, by rank: waits for all. Values are as JSON has them.
   * @throws BitError that says which of them is gone, at once.
   */
  gather(value: unknown): Promise<unknown[]>;
  /** Leaves; the others end with `ending` where there is one. */
  close(ending: Ending | null): Promise<void>;
}

/** Of what somebody says of a rank. */
export const ofRank = (rank: number, why: string) => `Rank ${rank} ${why}`;

export const asError = ({ code, message }: Ending) => new BitError(code, message);

/** A round that waits for others. */
export class Round {
  private settle!: { resolve: (values: unknown[]) => void; reject: (error: BitError) => void };
  readonly values: Promise<unknown[]>;

  constructor() {
    this.values = new Promise((resolve, reject) => (this.settle = { resolve, reject }));
  }

  end(values: unknown[]): void {
    this.settle.resolve(values);
  }

  fail(error: BitError): void {
    this.settle.reject(error);
  }
}

const MAPPED = /^::ffff:/;
const LOOPBACK = /^(127\.|::1$|localhost$)/i;

/** An address of a socket as a host by itself. */
export const plainHost = (address: string | undefined) => (address ?? '').replace(MAPPED, '');
/** Whether none but processes of the same machine reach it. */
export const isLoopback = (host: string) => LOOPBACK.test(host);
