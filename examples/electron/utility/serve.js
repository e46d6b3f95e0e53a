// Requests of the main process: `{ id, method, params }`, answered by `{ id, result }` or `{ id, error }`; `{ cancel: id }`.
'use strict';

/**
 * @param port process.parentPort, or anything of its shape.
 * @param {Record<string, (params: object, signal: AbortSignal) => unknown>} methods
 */
function serve(port, methods) {
  /** Of requests in flight, by id. */
  const running = new Map();
  const answer = async ({ id, method, params }) => {
    const stop = new AbortController();
    running.set(id, stop);
    try {
      if (!Object.hasOwn(methods, method)) throw new TypeError(`There is no method ${method}.`);
      port.postMessage({ id, result: await methods[method](params, stop.signal) });
    } catch (error) {
      port.postMessage({ id, error: { message: error.message, code: error.code } });
    } finally {
      running.delete(id);
    }
  };
  port.on('message', ({ data }) => {
    if (data.cancel === undefined) void answer(data);
    else running.get(data.cancel)?.abort();
  });
}

module.exports = { serve };
