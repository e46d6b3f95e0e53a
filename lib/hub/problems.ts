// What went wrong with the hub, in the user's terms, with the one thing to do.

import { withoutSecrets } from '../describe';
import { BitError } from '../errors';
import { HttpError, rootCause } from '../download/download';

/** What was asked of whom. */
export interface HubRequest {
  id: string;
  revision: string;
  endpoint: string;
  hasToken: boolean;
}

/** Whether the hub answered, with a refusal that will stay the same. */
export function isRefusal(error: unknown): error is HttpError {
  return error instanceof HttpError && !error.isPassing;
}

/** The error for a request that failed; errors that are ours already stay as they are. */
export function hubError(error: unknown, request: HubRequest): BitError {
  if (error instanceof BitError) return error;
  return new BitError('ERR_BIT_CHECKPOINT', explain(error, request), { cause: error });
}

function explain(error: unknown, { id, revision, endpoint: url, hasToken }: HubRequest): string {
  const endpoint = withoutSecrets(url);
  if (!(error instanceof HttpError)) {
    const why = rootCause(error).message;
    return (
      `'${id}' is no local path, it is not in the cache, and ${endpoint} cannot be reached: ${why}.\n` +
      'Check the connection (HF_ENDPOINT names a mirror), or give the path of a local directory.'
    );
  }
  const code = error.headers.get('x-error-code');
  if (code === 'RevisionNotFound') {
    return `'${id}' on ${endpoint} has no revision '${revision}'. Give a branch, tag or commit that it has.`;
  }
  if (code === 'GatedRepo' || error.status === 403) {
    return (
      `'${id}' on ${endpoint} may be read only by those who were granted access.\n` +
      `Ask for it on ${endpoint}/${id}, then set HF_TOKEN to your token${hasToken ? ' (the one given was refused)' : ''}.`
    );
  }
  if (error.status === 401 && hasToken && code !== 'RepoNotFound') {
    return `${endpoint} refused the token for '${id}'. Set HF_TOKEN to a valid one, or unset it.`;
  }
  if (error.status === 401 || error.status === 404) {
    const hint = hasToken
      ? 'that the token belongs to someone who may read it'
      : 'set HF_TOKEN if it is private';
    return (
      `'${id}' is neither a path on this machine nor a model that ${endpoint} shows us.\n` +
      `Check the spelling, and ${hint}.`
    );
  }
  return `${endpoint} could not give '${id}': ${error.message}. Try again later.`;
}
