// The routes: labels and embeddings of what clients send, and what machines that look after the service ask.
import multipart from '@fastify/multipart';
import { lifeOf } from './connections.mjs';
import { expectPictures } from './pictures.mjs';
import { badRequest, notReady } from './problems.mjs';
import { Turns } from './turns.mjs';
import { expectAcceptable, RAW_TYPES, receive } from './uploads.mjs';

const MAX_TOP_K = 1000;
const DEFAULT_TOP_K = 5;
/** Asked every few seconds: not worth a line in the log. */
const QUIET = { logLevel: 'warn' };

export function addWatching(app, { metrics, isReady }) {
  app.get('/healthz', QUIET, async () => ({ status: 'alive' }));
  app.get('/readyz', QUIET, async () => {
    if (!isReady()) throw notReady('The model is being loaded, or the service stops');
    return { status: 'ready' };
  });
  app.get('/metrics', QUIET, async (request, reply) => {
    reply.type(metrics.register.contentType);
    return metrics.register.metrics();
  });
}

export async function addUploads(app, { settings, engine, room }) {
  await app.register(multipart);
  // Left unread: receive() reads bodies and forms alike.
  app.addContentTypeParser(RAW_TYPES, (request, payload, done) => done(null));
  app.addHook('onRequest', async (request) => {
    if (!engine.isLoaded) throw notReady('The model is being loaded; try again later');
    expectAcceptable(request, settings.maxUploadBytes);
    room.expectFor(Number(request.headers['content-length'] ?? 0));
  });

  const turns = new Turns(settings.maxDecodedPixels);
  /** Answers with what `run` makes of each picture of a request, under `key`. */
  const answering = (key, run) => async (request, reply) => {
    const signal = lifeOf(reply, settings.answerTimeoutMs);
    const hold = room.hold();
    let giveBack;
    try {
      const files = await receive(request, { hold, signal, ...settings });
      if (files.length === 0) throw badRequest('There is no picture in the request');
      hold.work();
      const pixels = await expectPictures(files, settings.maxPixels);
      signal.throwIfAborted();
      giveBack = await turns.take(pixels, signal);
      const bytes = files.map((file) => file.bytes);
      const answers = await run(bytes, { topK: request.query.top_k, signal });
      return { results: files.map(({ name }, i) => ({ file: name, [key]: answers[i] })) };
    } finally {
      giveBack?.();
      hold.release();
    }
  };
  const topK = { type: 'integer', minimum: 1, maximum: MAX_TOP_K, default: DEFAULT_TOP_K };
  app.post(
    '/classify',
    { schema: { querystring: only({ top_k: topK }) } },
    answering('predictions', (bytes, options) => engine.classify(bytes, options)),
  );
  app.post(
    '/embed',
    { schema: { querystring: only({}) } },
    answering('embedding', (bytes, options) => engine.embed(bytes, options)),
  );
}

const only = (properties) => ({ type: 'object', properties, additionalProperties: false });
