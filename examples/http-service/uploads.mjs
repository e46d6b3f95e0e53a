// From a request to the files in it: a form's, or the body itself. Everything is bounded while it arrives.
import { badRequest, Problem, tooLarge, tooSlow, unsupported } from './problems.mjs';

/** Of a form: fields beside the files are not needed, but browsers send some. */
const MAX_FIELDS = 20;
const MAX_FIELD_BYTES = 1024;
const MAX_PART_HEADERS = 20;
/** Where a file begins to be gathered; doubled as it grows. */
const FIRST_BYTES = 64 * 1024;

/** What a body may be, besides a form: its bytes tell what picture it is. */
export const RAW_TYPES = /^(image\/.+|application\/octet-stream)$/i;

/** By what its head says, before a byte of the upload is read. @throws Problem 413 or 415. */
export function expectAcceptable({ headers }, maxUploadBytes) {
  const encoding = headers['content-encoding'] ?? 'identity';
  if (encoding !== 'identity')
    throw unsupported(`Content-Encoding: ${encoding} is not understood; send pictures as they are`);
  if (Number(headers['content-length']) > maxUploadBytes) throw tooManyBytes(maxUploadBytes);
}

/**
 * The files of a request, `{ name, bytes }`; the body itself has no name.
 * @param hold a place of Room, which learns of what arrives.
 * @throws Problem 400, 408, 413 or 503 as soon as it is so, and the signal's reason; the rest is then left unread.
 */
export function receive(request, { hold, signal, maxUploadBytes, maxFiles, requestTimeoutMs }) {
  const { raw } = request;
  return new Promise((resolve, reject) => {
    let total = 0;
    const gathered = [];
    const gather = () => {
      gathered.push(new Gathered());
      return gathered.at(-1);
    };
    const count = ({ length }) => {
      total += length;
      try {
        if (total > maxUploadBytes) throw tooManyBytes(maxUploadBytes);
        hold.add(length);
      } catch (error) {
        fail(error);
      }
    };
    const stop = () => fail(signal.reason);
    const late = () => fail(tooSlow('The upload did not arrive in time'));
    const timer = setTimeout(late, requestTimeoutMs);
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', stop);
      raw.off('data', count);
    };
    const fail = (error) => {
      end();
      raw.unpipe();
      raw.pause();
      // Its share of memory is given back now, while the connection may live on for a while.
      for (const each of gathered) each.drop();
      reject(error);
    };
    const done = (files) => {
      end();
      resolve(files);
    };
    signal.addEventListener('abort', stop);
    const files = request.isMultipart()
      ? ofForm(request, gather, { maxFiles, maxUploadBytes })
      : ofBody(raw, gather);
    files.then(done, fail);
    raw.on('data', count);
  });
}

function tooManyBytes(most) {
  return tooLarge(`An upload has at most ${most} bytes, over all of its files`);
}

async function ofForm(request, gather, { maxFiles, maxUploadBytes }) {
  const limits = {
    files: maxFiles,
    fileSize: maxUploadBytes,
    fields: MAX_FIELDS,
    fieldSize: MAX_FIELD_BYTES,
    parts: maxFiles + MAX_FIELDS,
    headerPairs: MAX_PART_HEADERS,
  };
  const files = [];
  try {
    for await (const { filename, file } of request.files({ limits })) {
      const gathered = gather();
      for await (const chunk of file) gathered.add(chunk);
      files.push({ name: filename, gathered });
    }
  } catch (error) {
    // The parser of forms has words of its own, and no status.
    if (error instanceof Problem || error.statusCode) throw error;
    throw badRequest(`The form cannot be read: ${error.message}`);
  }
  return files.map(({ name, gathered }) => ({ name, bytes: gathered.bytes }));
}

function ofBody(raw, gather) {
  return new Promise((resolve, reject) => {
    const gathered = gather();
    raw.on('data', (chunk) => gathered.add(chunk));
    raw.once('end', () => {
      const { bytes } = gathered;
      resolve(bytes.length > 0 ? [{ bytes }] : []);
    });
    raw.once('error', () => reject(badRequest('The upload was broken off')));
  });
}

/** Bytes in one piece as they come. A list of pieces would not do: someone may send a million of one byte each. */
class Gathered {
  #buffer = Buffer.alloc(0);
  #length = 0;

  add(chunk) {
    const length = this.#length + chunk.length;
    if (length > this.#buffer.length) {
      const larger = Buffer.allocUnsafe(Math.max(FIRST_BYTES, 2 * this.#buffer.length, length));
      this.#buffer.copy(larger, 0, 0, this.#length);
      this.#buffer = larger;
    }
    chunk.copy(this.#buffer, this.#length);
    this.#length = length;
  }

  drop() {
    this.#buffer = Buffer.alloc(0);
    this.#length = 0;
  }

  get bytes() {
    return this.#buffer.subarray(0, this.#length);
  }
}
