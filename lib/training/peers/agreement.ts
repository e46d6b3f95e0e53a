// Whether processes that are to train together would train the same: before anything is written or learnt.
import { differing } from '../../batch/job/settings';
import { describe } from '../../describe';
import { BitError } from '../../errors';
import { version } from '../../version';
import type { RunFacts } from '../run_folder';
import type { Peers } from './peers';

/**
 * @param facts settings, examples in their order, and weights to begin from.
 * @throws BitError ERR_BIT_CONFIG that names what differs, everywhere the same.
 */
export async function expectAgreement(peers: Peers, facts: RunFacts): Promise<void> {
  const all = await peers.together(() => ({ ...facts, 'version of bigtransfer': version }));
  const [first = {}, ...others] = all;
  for (const [i, other] of others.entries()) {
    const changed = differing(first, other);
    if (changed.length === 0) continue;
    const changes = changed.map(
      (name) =>
        `${name}: ${describe(valueIn(other, name))}, and ${describe(valueIn(first, name))} at rank 0`,
    );
    throw new BitError(
      'ERR_BIT_CONFIG',
      `Rank ${i + 1} would not train the same as rank 0: ${changes.join('; ')}. Give all processes the same options, ` +
        'and the same data by the same paths',
    );
  }
}

const valueIn = (facts: object, name: string) => (facts as RunFacts)[name];
