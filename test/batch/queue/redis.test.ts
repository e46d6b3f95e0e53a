// The connection to Redis.
import { asked, connectRedis, isRedisUrl } from '../../../lib/batch/queue/redis';
import { BitError } from '../../../lib/errors';
import { failure } from '../../support/queue';
import { RedisServer } from '../../support/redis_server';
import { runNode, ROOT } from '../../support/child';

const server = new RedisServer(['--requirepass', 'secret word']);
beforeAll(() => server.start());
afterAll(() => server.remove());

const at = (password: string) =>
  `redis://:${encodeURIComponent(password)}@127.0.0.1:${server.port}`;

test.each(['', 'localhost:6379', 'http://localhost', 'redis://', 3, undefined])(
  'refuses %p',
  async (url) => {
    expect(await failure(connectRedis(url as string))).toMatch(
      /^ERR_BIT_CONFIG: Expected 'redis:\/\/host:port' for queue but received/,
    );
  },
);

test('takes URLs with TLS, a user and a database', () => {
  for (const url of ['redis://h', 'rediss://u:p@h:1/2']) expect(isRedisUrl(url)).toBe(true);
});

test('says that nobody answers, without the password', async () => {
  const message = await failure(connectRedis('redis://:secret@127.0.0.1:9/0'));
  expect(message).toBe(
    'ERR_BIT_QUEUE: Cannot use the queue at redis://127.0.0.1:9/0: nobody answers there: is Redis running?',
  );
}, 20_000);

test.each(['', 'wrong'])('says at once that the password %p is refused', async (password) => {
  const start = performance.now();
  const message = await failure(connectRedis(at(password)));
  expect(message).toMatch(/^ERR_BIT_QUEUE: .*the server refuses the user or the password/);
  expect(performance.now() - start).toBeLessThan(5000);
});

test('ends by its signal while it waits', async () => {
  const reason = new Error('enough');
  const controller = new AbortController();
  setTimeout(() => controller.abort(reason), 200);
  const start = performance.now();
  const connecting = connectRedis('redis://127.0.0.1:9', controller.signal);
  await expect(connecting).rejects.toBe(reason);
  expect(performance.now() - start).toBeLessThan(5000);
});

test('goes on after the server was away', async () => {
  const redis = await connectRedis(at('secret word'));
  await redis.set('kept', 'yes');
  await server.stop();
  const answer = redis.get('kept');
  await server.start();
  expect(await answer).toBe('yes');
  redis.disconnect();
});

test('tells what Redis refuses, and lets our own errors and aborts through', async () => {
  const redis = await connectRedis(at('secret word'));
  await redis.set('text', 'x');
  expect(await failure(asked(redis.lpush('text', 'y')))).toMatch(
    /^ERR_BIT_QUEUE: The queue refuses: WRONGTYPE/,
  );
  const own = new BitError('ERR_BIT_OUTPUT', 'full');
  await expect(asked(Promise.reject(own))).rejects.toBe(own);
  const stopped = AbortSignal.abort();
  await expect(asked(new Promise(() => undefined), stopped)).rejects.toBe(stopped.reason);
  expect(await asked(redis.get('text'))).toBe('x');
  redis.disconnect();
});

test('says what to install where BullMQ is missing', async () => {
  const script = `
    const Module = require('node:module');
    const load = Module._load;
    Module._load = (name, ...rest) => {
      if (name === 'bullmq') throw new Error('Cannot find module');
      return load(name, ...rest);
    };
    require(${JSON.stringify(ROOT)}).runWorker({ queue: 'redis://127.0.0.1:9' })
      .catch(({ code, message }) => console.log(code, message));`;
  const { stdout } = await runNode(['--eval', script]);
  expect(stdout).toMatch(/^ERR_BIT_QUEUE .*run `npm install bullmq ioredis`\n$/);
});
