// Which libtorch this package is built against, and which ones it loads with.

/** The wheel that `libtorch fetch` brings: PyTorch's own CPU build, checked against its hash. */
export const PINNED = {
  /** As PyTorch writes it. */
  version: '2.13.0+cpu',
  /** Name of the wheel. */
  file: 'torch-2.13.0+cpu-cp311-cp311-manylinux_2_28_x86_64.whl',
  /** Where it comes from. */
  url: 'https://download.pytorch.org/whl/cpu/torch-2.13.0%2Bcpu-cp311-cp311-manylinux_2_28_x86_64.whl',
  /** The index that pip is pointed to. */
  index: 'https://download.pytorch.org/whl/cpu',
  /** Of the wheel, in hexadecimal. */
  sha256: '6746dbcbeb526eb61330b76b41ff1b4eb848951103a892eeb080dfa2b264667b',
  /** Size of the wheel. */
  bytes: 191794682,
  /** Node's name of the operating system. */
  platform: 'linux',
  /** Node's name of the processor's kind. */
  arch: 'x64',
} as const;

/** The CUDA build that `libtorch fetch --cuda` brings, its wheels in cuda_wheels.ts. */
export const PINNED_CUDA = {
  /** As PyTorch writes it. */
  version: '2.14.1+cu130',
  /** CUDA's version. */
  cuda: '13.0',
} as const;

/** First and last `major.minor` that the sources compile against. */
export const SUPPORTED = {
  /** The first. */
  from: '2.11',
  /** The last. */
  to: '2.14',
} as const;

/** `2.13.0+cpu` → `2.13`; null when it is no version. */
export function majorMinor(version: string): string | null {
  return /^(\d+\.\d+)(?=[.+]|$)/.exec(version)?.[1] ?? null;
}

/** Whether a version lies in {@link SUPPORTED}. */
export function isSupported(version: string): boolean {
  const value = majorMinor(version);
  if (value === null) return false;
  return compareVersions(value, SUPPORTED.from) >= 0 && compareVersions(value, SUPPORTED.to) <= 0;
}

/** Orders dotted versions by their numbers; what follows `+` does not count. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [numbers(a), numbers(b)];
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

function numbers(version: string): number[] {
  const plain = version.split('+')[0] ?? '';
  return plain.split('.').map((part) => Number.parseInt(part, 10) || 0);
}
