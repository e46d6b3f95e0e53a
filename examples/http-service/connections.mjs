// What becomes of connections: of clients that went away, are refused while they still send, or send no HTTP at all.
import { STATUS_CODES } from 'node:http';
import { badRequest, gone, overloaded, Problem, tooSlow } from './problems.mjs';

/** As long as a client may take to read a refusal: its upload stands still meanwhile. */
const LINGER_MS = 2000;

/** A signal that is aborted once nobody waits for the answer any more: the client has gone, or it took too long. */
export function lifeOf(reply, answerTimeoutMs) {
  const life = new AbortController();
  const late = () => life.abort(overloaded('The answer took too long; try again later'));
  const timer = setTimeout(late, answerTimeoutMs);
  reply.raw.once('close', () => {
    clearTimeout(timer);
    life.abort(gone());
  });
  return life.signal;
}

/**
 * Lets a client go that is answered before its upload has arrived; call it before the answer is sent. Without it Node
 * would take in the rest of the upload, however large; and were the connection closed at once, the client's system
 * would often tell it of that rather than let it read the answer.
 */
export function letGo({ raw }, reply) {
  reply.header('connection', 'close');
  // Counts as begun to be read: what the system has taken in waits there, and no more comes.
  raw.read(0);
  raw.pause();
  const { socket } = raw;
  // What Node calls when the answer is out.
  socket.destroySoon = () => {
    socket.end();
    setTimeout(() => socket.destroy(), LINGER_MS);
  };
}

/** What is no HTTP, or comes too slowly to be a request: no route ever sees it. */
export function answerClientError(error, socket) {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const { status, body } = clientProblem(error.code);
  const text = JSON.stringify(body);
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'Connection: close',
    'Content-Type: application/json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(text)}`,
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${text}`, () => socket.destroy());
}

function clientProblem(code) {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return tooSlow('The request did not arrive in time');
  if (code === 'HPE_HEADER_OVERFLOW')
    return new Problem(431, 'ERR_TOO_LARGE', 'The head of the request is too large');
  return badRequest('That is no HTTP request');
}
