// How processes that torchrun has started meet: its agent's store is at MASTER_PORT, and by it rank 0 tells the others at
// which port it waits for them.
import { loadBinding } from '../../binding/load';
import { runJob } from '../../binding/job';
import type { AgentStoreRequest } from '../../binding/training_types';
import type { MeetingPlace, PeerPlace } from './place';

/** Trainings of this process so far: all of them have as many, and each has a port of its own. */
let trainings = 0;

/**
 * Where they meet; the same place without an agent.
 * @throws BitError ERR_BIT_TRAINING where the store is not there, or rank 0 does not come; the signal's reason.
 */
export async function throughAgent(place: PeerPlace, signal?: AbortSignal): Promise<MeetingPlace> {
  const { agentRun, rank, masterAddr, masterPort, joinTimeoutMs, onListening } = place;
  if (agentRun === null) return place;
  const request: AgentStoreRequest = {
    ...{ host: masterAddr, port: masterPort, timeoutMs: joinTimeoutMs },
    key: `bigtransfer/${agentRun}/${trainings++}`,
  };
  if (rank > 0) {
    const port = await runJob(() => loadBinding().takeFromAgentStore(request), signal);
    return { ...place, masterPort: Number(port) };
  }
  const tell = async (port: number) => {
    await loadBinding().putInAgentStore(request, String(port));
    await onListening?.(port);
  };
  return { ...place, masterPort: 0, onListening: tell };
}
