// What this machine and this installation offer.
import { availableParallelism } from 'node:os';
import { loadBindingInfo } from './binding/load';
import type { NativeCudaDevice, NativeInfo, NetworkDType } from './binding/types';
import { version } from './version';

/**
 * What {@link systemInfo} tells.
 * @category Installation
 */
export interface SystemInfo {
  /** This package's version. */
  version: string;
  /** The libtorch that is loaded; null when there is none, and `problem` says why. */
  libtorch: {
    /** As '2.13.0'. */
    version: string;
    /** Its folder, which has `lib/`. */
    path: string;
    /** Where it was found: 'env', 'package', 'cache', 'python', or 'process' for one that was loaded already. */
    source: string;
    /** CUDA's version, of builds for GPUs. */
    cuda?: string;
  } | null;
  /** Devices that models can run on, the best first. */
  devices: {
    /** 'cpu', or the GPU's name. */
    name: string;
    /** Its kind. */
    type: 'cpu' | 'cuda';
    /** Of GPUs: what ModelOptions calls it, as 'cuda:0'. */
    device?: string;
    /** Compute capability, as '9.0'. */
    capability?: string;
    /** Of GPUs, in bytes. */
    totalMemory?: number;
    /** Of GPUs, in bytes. */
    freeMemory?: number;
    /** Why a model that was to run there does not. */
    problem?: string;
  }[];
  /** The processor, as the addon uses it. */
  cpu: {
    /** Instructions that libtorch uses: 'DEFAULT', 'AVX2', 'AVX512', …; 'unknown' where nothing loads. */
    capability: string;
    /** Compute threads that all models and calls of the process may use at once. */
    threads: number;
    /** Whether it multiplies bfloat16 in hardware. */
    bf16: boolean;
  };
  /** The addon's own JPEG decoder; null where sharp decodes JPEGs too. */
  jpeg: string | null;
  /** The addon's own PNG decoder; null where sharp decodes all PNGs. */
  png: string | null;
  /** Whether CUDA works, whether the library for it could be opened, and why it is off. */
  cuda: {
    /** Whether models can run on a GPU. */
    available: boolean;
    /** Whether the library for GPUs could be opened. */
    library: boolean;
    /** Why it is off and what to do. */
    reason?: string;
  };
  /** What dtype 'auto' chooses for the pre-trained family on device 'auto'. */
  autoDtype: NetworkDType;
  /** Why libtorch or the addon does not load, and what mends it. */
  problem?: string;
}

const CPU = { name: 'cpu', type: 'cpu' } as const;

function toDevice({ problem, ...row }: NativeCudaDevice, index: number) {
  const device = { ...row, type: 'cuda' as const, device: `cuda:${index}` };
  return problem === '' ? device : { ...device, problem };
}

/**
 * Loads libtorch if it can; never throws.
 * @category Installation
 */
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
      png: info.png === '' ? null : `libpng ${info.png}`,
    };
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    const cpu = { capability: 'unknown', threads: availableParallelism(), bf16: false };
    return { ...base, libtorch: null, cpu, jpeg: null, png: null, autoDtype: 'float32', problem };
  }
}
