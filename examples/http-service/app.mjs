// The service without its start and stop: bounds of connections, errors in one shape, metrics, and the routes.
import Fastify from 'fastify';
import { answerClientError, letGo } from './connections.mjs';
import { createMetrics } from './metrics.mjs';
import { notFound, toProblem } from './problems.mjs';
import { Room } from './room.mjs';
import { addUploads, addWatching } from './routes.mjs';

/** How often connections are looked over for clients that are too slow. */
const CHECK_MS = 1000;
const HEADERS_TIMEOUT_MS = 10_000;
/** A little more than that of most load balancers, or they would send requests into a closed connection. */
const KEEP_ALIVE_MS = 65_000;

/**
 * @param state `isStopping`: from then on it is not ready, and lets go of each connection with its next answer.
 * @returns Fastify's instance, and a function that tells how many requests have begun and not ended.
 */
export function buildApp({ settings, engine, state }) {
  const app = Fastify(optionsOf(settings));
  const room = new Room(settings);
  const metrics = createMetrics(engine, room);
  const begun = new Set();
  app.server.maxConnections = settings.maxConnections;
  app.addHook('onRequest', async (request, reply) => {
    begun.add(reply.raw);
    reply.raw.once('close', () => begun.delete(reply.raw));
    metrics.observe(request, reply);
  });
  app.addHook('onSend', async (request, reply) => {
    if (!request.raw.complete) letGo(request, reply);
    else if (state.isStopping) reply.header('connection', 'close');
  });
  app.addHook('onClose', async () => metrics.close());
  // Only what routes take themselves is read.
  app.removeAllContentTypeParsers();
  answerErrors(app);
  addWatching(app, { metrics, isReady: () => engine.isLoaded && !state.isStopping });
  app.register((scope) => addUploads(scope, { settings, engine, room }));
  return { app, begun: () => begun.size };
}

function optionsOf({ logLevel, requestTimeoutMs }) {
  return {
    logger: { level: logLevel },
    requestTimeout: requestTimeoutMs,
    keepAliveTimeout: KEEP_ALIVE_MS,
    http: {
      headersTimeout: Math.min(HEADERS_TIMEOUT_MS, requestTimeoutMs),
      connectionsCheckingInterval: Math.min(CHECK_MS, requestTimeoutMs),
    },
    clientErrorHandler: answerClientError,
    frameworkErrors: answerError,
    // What still comes on a connection that is open while the service stops is answered.
    return503OnClosing: false,
    // A misspelt parameter is told, not dropped.
    ajv: { customOptions: { removeAdditional: false } },
  };
}

function answerErrors(app) {
  app.setErrorHandler(answerError);
  app.setNotFoundHandler(({ method, url }) => {
    throw notFound(`There is no ${method} ${url}`);
  });
}

function answerError(error, request, reply) {
  const problem = toProblem(error);
  if (problem.status === 500) request.log.error(error);
  return reply.code(problem.status).headers(problem.headers).send(problem.body);
}
