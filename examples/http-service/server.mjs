// Starts the service, and stops it without losing what was begun.
import { constants } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { BitError } from 'bigtransfer';
import { buildApp } from './app.mjs';
import { Engine } from './engine.mjs';
import { readSettings, SettingsError } from './settings.mjs';

/** As shells have it, for what a signal ended. */
const SIGNALLED = 128;
const WRONG_USAGE = 2;
/** How often it is looked whether everything that was begun has ended. */
const LOOK_MS = 20;

async function start() {
  const settings = readSettings(process.env);
  const engine = new Engine(settings);
  const state = { isStopping: false };
  const service = { settings, engine, state, ...buildApp({ settings, engine, state }) };
  for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => void stop(service, signal));
  // At once: it is alive while it loads, though not ready.
  await service.app.listen({ host: settings.host, port: settings.port });
  await engine.load();
  service.app.log.info('Ready');
}

/** Ends with 0 once all that was begun is finished; with 1 when that takes too long; at once when asked again. */
async function stop({ settings, engine, state, app, begun }, signal) {
  if (state.isStopping) process.exit(SIGNALLED + constants.signals[signal]);
  state.isStopping = true;
  app.log.info(`${signal}: finishing what was begun`);
  setTimeout(() => {
    app.log.error(`Not everything was finished in ${settings.stopTimeoutMs} ms`);
    process.exit(1);
  }, settings.stopTimeoutMs);
  // For load balancers to see that it is not ready any more.
  await sleep(settings.stopDelayMs);
  const closed = app.close();
  while (app.server.listening || begun() > 0) await sleep(LOOK_MS);
  // Those on which nothing was begun; they would be waited for.
  app.server.closeAllConnections();
  await closed;
  if (engine.isLoaded) await engine.dispose();
  process.exit(0);
}

start().catch((error) => {
  // What can be mended outside is told in a line; anything else is a bug, with its stack.
  const isOutside = error instanceof SettingsError || error instanceof BitError || error.syscall;
  console.error(isOutside ? error.message : error);
  process.exit(error instanceof SettingsError ? WRONG_USAGE : 1);
});
