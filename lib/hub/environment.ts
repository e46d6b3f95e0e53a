// Where the hub and its cache are: the variables that Python's huggingface_hub reads, read alike.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PretrainedOptions } from '../config/pretrained_options';
import { BitError } from '../errors';
import { expandHome, folderSetting, userCacheFolder } from '../user_folders';

/** The hub's address, without a slash at its end. */
export function hubEndpoint(): string {
  return (process.env['HF_ENDPOINT'] || 'https://huggingface.co').replace(/\/+$/, '');
}

/**
 * The folder that holds a `models--<owner>--<name>` for each cached model, as huggingface_hub has it:
 * the option, else HF_HUB_CACHE, HUGGINGFACE_HUB_CACHE, HF_HOME/hub or ~/.cache/huggingface/hub;
 * relative paths in variables are ignored, with a warning.
 * @throws BitError ERR_BIT_CHECKPOINT where the user has no home.
 * @category Models
 */
export function hubCacheDir(options: Pick<PretrainedOptions, 'cacheDir'> = {}): string {
  if (options.cacheDir) return expandHome(options.cacheDir);
  const set = folderSetting('HF_HUB_CACHE') ?? folderSetting('HUGGINGFACE_HUB_CACHE');
  return set ?? join(hubHome(), 'hub');
}

/** Whether nobody is to be asked. */
export function isOffline({ localFilesOnly }: PretrainedOptions): boolean {
  return (
    localFilesOnly || isTrue(process.env['HF_HUB_OFFLINE'] || process.env['TRANSFORMERS_OFFLINE'])
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

/** Relative paths in variables are ignored: the current folder is not the user's cache. */
function hubHome(): string {
  const set = folderSetting('HF_HOME');
  if (set !== undefined) return set;
  const caches = userCacheFolder();
  if (caches !== null) return join(caches, 'huggingface');
  throw new BitError(
    'ERR_BIT_CHECKPOINT',
    'There is no home folder for the cache of models: HOME is empty or relative, and the account has ' +
      'none. Set HF_HOME to the full path of a folder, or pass cacheDir',
  );
}

function isTrue(value: string | undefined): boolean {
  return /^(1|on|yes|true)$/i.test(value ?? '');
}
