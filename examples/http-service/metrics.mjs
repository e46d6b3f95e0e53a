// What Prometheus is told: requests, uploads in memory, the models' queues and batches, and the process itself.
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const IMAGES = [1, 2, 4, 8, 16, 32, 64];
/** Status of a request whose client went away before it was answered. */
const GONE = 'gone';

export function createMetrics(engine, room) {
  const register = new Registry();
  const registers = [register];
  collectDefaultMetrics({ register });
  const unwatch = watchBatches(registers);
  watchQueues(engine, registers);
  watchRoom(room, registers);
  return { register, observe: observer(registers), close: unwatch };
}

/** A function that counts a request once its reply is over. */
function observer(registers) {
  const requests = new Counter({
    name: 'http_requests_total',
    help: 'Requests by route and status; the status of those whose client went away is "gone"',
    labelNames: ['method', 'route', 'status'],
    registers,
  });
  const durations = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'Time from the head of a request to the end of its answer',
    labelNames: ['method', 'route'],
    buckets: SECONDS,
    registers,
  });
  return (request, reply) => {
    const { method } = request;
    // Not the URL: there are as many of those as anybody likes.
    const route = request.routeOptions.url ?? 'none';
    const end = durations.startTimer({ method, route });
    reply.raw.once('close', () => {
      const status = reply.raw.writableFinished ? reply.raw.statusCode : GONE;
      requests.inc({ method, route, status });
      end();
    });
  };
}

/** Batches as they run. Returns what ends it. */
function watchBatches(registers) {
  const histogram = (name, help, buckets) =>
    new Histogram({ name, help, labelNames: ['model'], buckets, registers });
  const images = histogram('bigtransfer_batch_images', 'Images that ran together', IMAGES);
  const queued = histogram(
    'bigtransfer_batch_queued_seconds',
    'How long the first call of a batch waited',
    SECONDS,
  );
  const computed = histogram('bigtransfer_batch_computed_seconds', 'How long a batch ran', SECONDS);
  const onBatch = (batch) => {
    const model = { model: batch.model };
    images.observe(model, batch.images);
    queued.observe(model, batch.queuedMs / 1000);
    computed.observe(model, batch.computedMs / 1000);
  };
  subscribe('bigtransfer:batch', onBatch);
  return () => unsubscribe('bigtransfer:batch', onBatch);
}

/** What the models tell of themselves, whenever it is asked for. */
function watchQueues(engine, registers) {
  const watch = (Kind, name, help, label, valuesOf) =>
    new Kind({
      name,
      help,
      labelNames: ['model', label],
      registers,
      collect() {
        this.reset();
        for (const [model, each] of engine.models)
          for (const [value, count] of Object.entries(valuesOf(each.stats())))
            this.inc({ model, [label]: value }, count);
      },
    });
  watch(
    Gauge,
    'bigtransfer_queue_calls',
    'Calls that wait for a model, and those that run',
    'state',
    ({ queue }) => queue,
  );
  watch(
    Counter,
    'bigtransfer_calls_total',
    'Calls of a model by what became of them',
    'outcome',
    ({ calls }) => calls,
  );
}

function watchRoom(room, registers) {
  const gauge = (name, help, value) =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(value());
      },
    });
  gauge('upload_bytes', 'Bytes of uploads in memory', () => room.bytes);
  gauge('uploads', 'Uploads that are being worked on', () => room.uploads);
}
