// Where a run learns: what is asked for, and which GPU that is for one process of several on a machine.
import { loadBinding } from '../binding/load';
import { checkDevice, type Device } from '../config/model_options';
import { invalid } from '../errors';
import type { LocalPlace } from './peers/place';

/**
 * Where a run can learn: one place for each process.
 * @category Training
 */
export type TrainingDevice = Exclude<Device, 'cuda:all'>;

/** @throws BitError ERR_BIT_DEVICE for what is none. */
export function checkTrainingDevice(device: unknown): TrainingDevice {
  const known = checkDevice(device);
  if (known !== 'cuda:all') return known;
  const expected = "'auto', 'cpu', 'cuda' or 'cuda:N', one GPU for each process,";
  throw invalid('ERR_BIT_DEVICE', 'device', expected, device);
}

/**
 * The device of one process: of several on a machine each takes the GPU of its own number, and 'auto' the CPU where there
 * are not as many.
 * @param gpus how many there are.
 */
export function deviceOf(
  device: TrainingDevice,
  { localRank, localWorldSize }: LocalPlace,
  gpus: () => number,
): TrainingDevice {
  if (device === 'cuda') return `cuda:${localRank}`;
  if (device !== 'auto' || localWorldSize === 1) return device;
  return localWorldSize <= gpus() ? `cuda:${localRank}` : 'cpu';
}

/** Of this machine. */
export const countGpus = () => loadBinding().info().cudaDevices.length;

/** @throws BitError ERR_BIT_DEVICE for a GPU that is not there, before anything is read for it. */
export function expectDevice(device: TrainingDevice): void {
  if (device !== 'auto' && device !== 'cpu') loadBinding().checkDevice(device);
}

/** The number of the GPU that a process learns on, by what {@link deviceOf} gives; null for a CPU. */
export function gpuOf(device: TrainingDevice, countGpus: () => number): number | null {
  if (device === 'auto') return countGpus() > 0 ? 0 : null;
  return device === 'cpu' ? null : Number(device.slice('cuda:'.length));
}
