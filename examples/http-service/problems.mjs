// What can be wrong with a request or with the service, as clients are told: a status, a code, a message.

/** Seconds after which a refused client may try again: a queue is worked off in that order of time. */
const RETRY_AFTER_S = 1;

export class Problem extends Error {
  constructor(status, code, message) {
    super(message);
    this.status = status;
    this.code = code;
  }

  /** What goes beside the body. */
  get headers() {
    return this.status === 503 ? { 'retry-after': String(RETRY_AFTER_S) } : {};
  }

  get body() {
    return { error: { code: this.code, message: this.message } };
  }
}

export const badRequest = (message) => new Problem(400, 'ERR_REQUEST', message);
export const notFound = (message) => new Problem(404, 'ERR_NOT_FOUND', message);
export const tooSlow = (message) => new Problem(408, 'ERR_TIMEOUT', message);
export const tooLarge = (message) => new Problem(413, 'ERR_TOO_LARGE', message);
export const unsupported = (message) => new Problem(415, 'ERR_MEDIA_TYPE', message);
export const unreadable = (message) => new Problem(422, 'ERR_BIT_IMAGE', message);
/** Told to nobody; nginx's status for it. */
export const gone = () => new Problem(499, 'ERR_GONE', 'The client has gone away');
export const overloaded = (message) => new Problem(503, 'ERR_OVERLOADED', message);
export const notReady = (message) => new Problem(503, 'ERR_NOT_READY', message);

/** Statuses of bigtransfer's errors that are not our own fault. */
const STATUS_OF_BIT = {
  ERR_BIT_IMAGE: 422,
  ERR_BIT_SHAPE: 422,
  ERR_BIT_OVERLOADED: 503,
  ERR_BIT_OUT_OF_MEMORY: 503,
  ERR_BIT_DISPOSED: 503,
};

/** Codes for what Fastify and its plugins refuse. */
const CODE_OF_STATUS = {
  404: 'ERR_NOT_FOUND',
  408: 'ERR_TIMEOUT',
  413: 'ERR_TOO_LARGE',
  415: 'ERR_MEDIA_TYPE',
};

/** Any error as a client is told it; of one that is our own fault, nothing but that. */
export function toProblem(error) {
  if (error instanceof Problem) return error;
  const { code, message, statusCode } = error;
  if (Object.hasOwn(STATUS_OF_BIT, code)) return new Problem(STATUS_OF_BIT[code], code, message);
  if (statusCode >= 400 && statusCode < 500)
    return new Problem(statusCode, CODE_OF_STATUS[statusCode] ?? 'ERR_REQUEST', message);
  return new Problem(500, 'ERR_INTERNAL', 'Something went wrong here');
}
