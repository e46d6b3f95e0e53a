// Asks an index of Python packages where a file lies, by its JSON interface.

import { HttpError } from '../download/download';

/** PyPI's, or that of BIGTRANSFER_PYPI_URL. */
function indexUrl(): string {
  return (process.env['BIGTRANSFER_PYPI_URL'] || 'https://pypi.org/simple').replace(/\/*$/, '');
}

/** Where the index lists a project's files. */
export function projectUrl(project: string): string {
  return `${indexUrl()}/${project}/`;
}

/** Of an answer, https://packaging.python.org/en/latest/specifications/simple-repository-api/. */
interface ProjectDetails {
  files?: ProjectFile[];
}

type ProjectFile = { url?: string; hashes?: { sha256?: string } } | null;

/**
 * The URL of the project's file that has this hash.
 * @throws Error that says what the index answered instead
 */
export async function fileUrl(
  project: string,
  sha256: string,
  signal?: AbortSignal,
): Promise<string> {
  const response = await fetch(projectUrl(project), {
    headers: { accept: 'application/vnd.pypi.simple.v1+json' },
    signal: AbortSignal.any([AbortSignal.timeout(TIMEOUT_MS), ...(signal ? [signal] : [])]),
  });
  if (!response.ok) throw new HttpError(response.status, response.headers);
  const answer = await response.text();
  const url = filesIn(answer).find((file) => file?.hashes?.sha256 === sha256)?.url;
  if (url === undefined) throw new Error(`it has no file with the SHA-256 ${sha256}`);
  return new URL(url, response.url).href;
}

function filesIn(answer: string): ProjectFile[] {
  try {
    const { files } = JSON.parse(answer) as ProjectDetails;
    if (Array.isArray(files)) return files;
  } catch {
    // A page for browsers, as older indexes have it.
  }
  throw new Error('it does not answer with a list of files as JSON, which PEP 691 describes');
}

const TIMEOUT_MS = 30_000;
