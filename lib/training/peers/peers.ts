// Processes that train together, as a run sees them: what each of them does, all know; and gradients are summed up.
import { loadBinding } from '../../binding/load';
import type { NativePeers, NativeTrainer } from '../../binding/training_types';
import { BitError } from '../../errors';
import { orAborted } from '../../signal';
import { throughAgent } from './agent';
import { asError, type Circle, type Ending } from './circle';
import { GuestCircle } from './guest';
import { HostCircle } from './host';
import type { PeerPlace } from './place';

/** How long the reason for what Gloo or NCCL complains of may take to get here. */
const REASON_MS = 2000;
const LOOK_MS = 20;
/** In place of a GPU's number. */
const ON_CPU = -1;

/** What a rank comes to with its part of the work. */
type Outcome<T> = { value: T } | { failed: Ending };

export class Peers {
  private constructor(
    private readonly circle: Circle,
    private readonly native: NativePeers,
    /** How many there are. */
    readonly size: number,
    private readonly signal: AbortSignal | undefined,
  ) {}

  /**
   * Waits for all of them.
   * @param gpu that gradients are summed up on, by NCCL; null for a CPU, by Gloo.
   * @throws BitError ERR_BIT_LIBTORCH where the library for it is missing, ERR_BIT_TRAINING where not all come or one
   * cannot reach another, ERR_BIT_CONFIG where some learn on GPUs and some do not; the signal's reason.
   */
  static async join(place: PeerPlace, gpu: number | null, signal?: AbortSignal): Promise<Peers> {
    const device = gpu ?? ON_CPU;
    // Rank 0 would wait for all to come before it said so.
    loadBinding().checkPeers(device);
    const met = await throughAgent(place, signal);
    const opening = place.rank === 0 ? HostCircle.open(met, signal) : GuestCircle.open(met, signal);
    const circle: Circle = await opening;
    let native: NativePeers | null = null;
    try {
      native = open(circle, place, device);
      const peers = new Peers(circle, native, place.worldSize, signal);
      await peers.connect(device === ON_CPU ? 'a CPU' : 'a GPU');
      return peers;
    } catch (error) {
      native?.dispose();
      await circle.close(endingOf(error));
      throw error;
    }
  }

  get rank(): number {
    return this.circle.rank;
  }

  /**
   * What the work of each of them gives, by rank, as JSON has it: waits for all.
   * @throws what own work rejects with; BitError of another one's that does, or that is gone; the signal's reason.
   */
  async together<T>(work: () => Promise<T> | T): Promise<T[]> {
    let outcome: Outcome<T>;
    let own: unknown;
    try {
      outcome = { value: await work() };
    } catch (error) {
      own = error;
      outcome = { failed: endingOf(error) };
    }
    if ('failed' in outcome) {
      await this.tell(outcome);
      throw own;
    }
    this.signal?.throwIfAborted();
    const all = (await orAborted(this.circle.gather(outcome), this.signal)) as Outcome<T>[];
    return all.map((each, rank) => {
      if ('value' in each) return each.value;
      if ('failed' in each)
        throw asError({ ...each.failed, message: `Rank ${rank}: ${each.failed.message}` });
      return undefined as T; // JSON has none
    });
  }

  /** Adds up their gradients, the same everywhere. @throws BitError ERR_BIT_TRAINING where one is gone. */
  sum(trainer: NativeTrainer): Promise<void> {
    return this.explained(() => trainer.sum(this.native));
  }

  /** Parameters, and what the optimiser remembers, from rank 0. @throws as sum(). */
  takeFromFirst(trainer: NativeTrainer): Promise<void> {
    return this.explained(() => trainer.takeFromFirst(this.native));
  }

  /** Leaves them; @param error ends them all, as it has ended this one; null once all is done. */
  async close(error: unknown): Promise<void> {
    await this.circle.close(error === null ? null : endingOf(error));
    this.native.dispose();
  }

  /** @param kind of device, which all have to have. */
  private async connect(kind: string): Promise<void> {
    const all = await this.together(() => {
      const address = Buffer.from(this.native.address).toString('base64');
      return { kind, address };
    });
    const odd = all.findIndex((each) => each.kind !== all[0]?.kind);
    if (odd > 0)
      throw new BitError(
        'ERR_BIT_CONFIG',
        `Rank ${odd} learns on ${all[odd]?.kind} and rank 0 on ${all[0]?.kind}: give all processes the same device`,
      );
    const bytes = all.map(({ address }) => Buffer.from(address, 'base64'));
    await this.explained(() => this.native.connect(bytes));
  }

  /** The others hear of it as soon as they have done their own part. */
  private async tell(outcome: Outcome<never>): Promise<void> {
    if (this.signal?.aborted) return;
    await this.circle.gather(outcome).catch(() => undefined);
  }

  /** Whoever is gone is known by the other connection, and by name. */
  private async explained(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      for (let waited = 0; waited < REASON_MS && !this.circle.broken; waited += LOOK_MS)
        await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
      throw this.circle.broken ?? error;
    }
  }
}

function open(
  { host, rank }: Circle,
  { worldSize, timeoutMs }: PeerPlace,
  device: number,
): NativePeers {
  // What users of PyTorch's Gloo name the interface by.
  const named = process.env['GLOO_SOCKET_IFNAME'] ?? '';
  return loadBinding().openPeers({
    ...{ rank, size: worldSize, device, timeoutSeconds: timeoutMs / 1000 },
    ...{ host: named === '' ? host : '', interface: named },
  });
}

function endingOf(error: unknown): Ending {
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof BitError) return { code: error.code, message };
  return { code: 'ERR_BIT_TRAINING', message: `it was stopped (${message})` };
}

/** {@link Peers.together}; of one process where there are no others. */
export const together = async <T>(peers: Peers | null, work: () => Promise<T> | T): Promise<T[]> =>
  peers ? peers.together(work) : [await work()];

/** What rank 0's work gives, for all of them: the others wait for it. */
export async function fromFirst<T>(peers: Peers | null, work: () => Promise<T> | T): Promise<T> {
  const [first] = await together(peers, () => (peers && peers.rank > 0 ? null : work()));
  return first as T;
}
