// Where the hub and its cache are: the variables that Python's huggingface_hub reads, read alike.

import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { PretrainedOptions } from './options';

/** The hub's address, without a slash at its end. */
export function hubEndpoint(): string {
  return (process.env['HF_ENDPOINT'] || 'https://huggingface.co').replace(/\/+$/, '');
}

/** The folder that holds a `models--<owner>--<name>` for each cached model. */
export function hubCacheDir(options: Pick<PretrainedOptions, 'cacheDir'> = {}): string {
  const { HF_HUB_CACHE, HUGGINGFACE_HUB_CACHE } = process.env;
  const dir = options.cacheDir || HF_HUB_CACHE || HUGGINGFACE_HUB_CACHE;
  return dir ? expandHome(dir) : join(hubHome(), 'hub');
}

/** Whether nobody is to be asked. */
export function isOffline({ localFilesOnly }: PretrainedOptions): boolean {
  return (
    localFilesOnly || isTrue(process.env['HF_HUB_OFFLINE'] ?? process.env['TRANSFORMERS_OFFLINE'])
  );
}

/** The access token, from the options, the environment or the file that `hf auth login` writes. */
export function hubToken({ token }: PretrainedOptions): string | null {
  if (token) return token;
  const { HF_TOKEN, HUGGING_FACE_HUB_TOKEN, HF_TOKEN_PATH, HF_HUB_DISABLE_IMPLICIT_TOKEN } =
    process.env;
  if (isTrue(HF_HUB_DISABLE_IMPLICIT_TOKEN)) return null;
  const set = (HF_TOKEN || HUGGING_FACE_HUB_TOKEN)?.trim();
  if (set) return set;
  try {
    const path = HF_TOKEN_PATH ? expandHome(HF_TOKEN_PATH) : join(hubHome(), 'token');
    return readFileSync(path, 'utf8').trim() || null;
  } catch {
    return null; // nobody is logged in
  }
}

function hubHome(): string {
  const { HF_HOME, XDG_CACHE_HOME } = process.env;
  if (HF_HOME) return expandHome(HF_HOME);
  return join(
    XDG_CACHE_HOME ? expandHome(XDG_CACHE_HOME) : join(homedir(), '.cache'),
    'huggingface',
  );
}

function expandHome(path: string): string {
  return path.replace(/^~(?=$|[\\/])/, homedir());
}

function isTrue(value: string | undefined): boolean {
  return /^(1|on|yes|true)$/i.test(value ?? '');
}
