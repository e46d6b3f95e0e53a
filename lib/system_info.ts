// What this machine and this installation offer.
import { availableParallelism } from 'node:os';
import { loadBindingInfo } from './binding/load';
import type { NativeCudaDevice, NativeInfo, NetworkDType } from './binding/types';
import { version } from './version';

export interface SystemInfo {
  /** This package's version. */
  version: string;
  /** The libtorch that is loaded; null when there is none, and `problem` says why. */
  libtorch: { version: string; path: string; source: string; cuda?: string } | null;
  /** Devices that models can run on, the best first. */
  devices: {
    name: string;
    type: 'cpu' | 'cuda';
    /** Of GPUs: what ModelOptions calls it, as 'cuda:0'. */
    device?: string;
    /** Compute capability, as '9.0'. */
    capability?: string;
    /** Bytes. */
    totalMemory?: number;
    freeMemory?: number;
    /** Why a model that was to run there does not. */
    problem?: string;
  }[];
  cpu: { capability: string; threads: number; bf16: boolean };
  /** The addon's own JPEG decoder; null where sharp decodes JPEGs too. */
  jpeg: string | null;
  /** Whether CUDA works, whether the library for it could be opened, and why it is off. */
  cuda: { available: boolean; library: boolean; reason?: string };
  /** What dtype 'auto' chooses for the pre-trained family on device 'auto'. */
  autoDtype: NetworkDType;
  problem?: string;
}

const CPU = { name: 'cpu', type: 'cpu' } as const;

function toDevice({ problem, ...row }: NativeCudaDevice, index: number) {
  const device = { ...row, type: 'cuda' as const, device: `cuda:${index}` };
  return problem === '' ? device : { ...device, problem };
}

/** Loads libtorch if it can; never throws. */
export function systemInfo(): SystemInfo {
  const base = {
    version,
    devices: [CPU],
    cuda: { available: false, library: false, reason: 'the addon does not load' },
  };
  try {
    const { binding, libtorch } = loadBindingInfo();
    const info: NativeInfo = binding.info();
    return {
      ...base,
      devices: [...info.cudaDevices.map(toDevice), CPU],
      cuda: {
        available: info.whyNoCuda === '',
        library: info.cudaLibrary,
        ...(info.whyNoCuda === '' ? {} : { reason: info.whyNoCuda }),
      },
      libtorch: {
        version: info.libtorch,
        path: libtorch.dir,
        source: libtorch.source,
        ...(libtorch.cuda ? { cuda: libtorch.cuda } : {}),
      },
      cpu: { capability: info.cpuCapability, threads: info.threads, bf16: info.bf16 },
      autoDtype: info.autoDtype,
      jpeg: info.jpeg === '' ? null : `libjpeg-turbo ${info.jpeg}`,
    };
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    const cpu = { capability: 'unknown', threads: availableParallelism(), bf16: false };
    return { ...base, libtorch: null, cpu, jpeg: null, autoDtype: 'float32', problem };
  }
}
