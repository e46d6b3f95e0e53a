// What this machine and this installation offer.
import { availableParallelism } from 'node:os';
import { loadBindingInfo } from './binding/load';
import type { NativeInfo } from './binding/types';
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
    capability?: string;
    totalMemory?: number;
    freeMemory?: number;
  }[];
  cpu: { capability: string; threads: number; bf16: boolean };
  /** The addon's own JPEG decoder; null where sharp decodes JPEGs too. */
  jpeg: string | null;
  /** Why device 'auto' is not CUDA. */
  cuda: { available: boolean; reason?: string };
  /** What dtype 'auto' chooses for the pre-trained family. */
  autoDtype: 'float32' | 'bfloat16' | 'float16';
  problem?: string;
}

/** Loads libtorch if it can; never throws. */
export function systemInfo(): SystemInfo {
  const base = {
    version,
    devices: [{ name: 'cpu', type: 'cpu' as const }],
    cuda: { available: false, reason: 'this build runs on the CPU alone' },
  };
  try {
    const { binding, libtorch } = loadBindingInfo();
    const info: NativeInfo = binding.info();
    return {
      ...base,
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
