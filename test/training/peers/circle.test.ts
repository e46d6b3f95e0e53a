// Ranks that find each other and tell each other: what all get to know, and how the end of one ends all.
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { plainHost, isLoopback, type Circle } from '../../../lib/training/peers/circle';
import { GuestCircle } from '../../../lib/training/peers/guest';
import { HostCircle } from '../../../lib/training/peers/host';
import type { MeetingPlace } from '../../../lib/training/peers/place';
import { failure, wait } from '../../support/queue';
import { allOfRanks, amongRanks, failures } from '../../support/ranks';

const open = (place: MeetingPlace, signal?: AbortSignal): Promise<Circle> =>
  place.rank === 0 ? HostCircle.open(place, signal) : GuestCircle.open(place, signal);

const ending = { code: 'ERR_BIT_IMAGE', message: 'no picture is left' } as const;

test('what each gives, all get, by rank, round for round', async () => {
  const got = await allOfRanks(3, async (place) => {
    const circle = await open(place);
    const rounds: unknown[] = [];
    for (let round = 0; round < 20; round++)
      rounds.push(await circle.gather({ rank: circle.rank, round, text: 'ä\n😀' }));
    expect(circle.host).toBe('127.0.0.1');
    await circle.close(null);
    return rounds;
  });
  const expected = Array.from({ length: 20 }, (_, round) =>
    [0, 1, 2].map((rank) => ({ rank, round, text: 'ä\n😀' })),
  );
  expect(got).toEqual([expected, expected, expected]);
});

test('long messages come as a whole', async () => {
  const long = 'x'.repeat(3_000_000);
  const got = await allOfRanks(2, async (place) => {
    const circle = await open(place);
    const all = (await circle.gather(`${place.rank}${long}`)) as string[];
    await circle.gather(null); // nobody leaves before all have it
    await circle.close(null);
    return all.map((each) => [each[0], each.length]);
  });
  const expected = [
    ['0', long.length + 1],
    ['1', long.length + 1],
  ];
  expect(got).toEqual([expected, expected]);
});

test('who is late, and alive, is waited for longer than the silence that is allowed', async () => {
  const late = async (place: MeetingPlace) => {
    const circle = await open(place);
    if (place.rank === 0) await wait(1000);
    const got = await circle.gather(place.rank);
    await circle.close(null);
    return got;
  };
  const got = await allOfRanks(2, late, { timeoutMs: 300 });
  expect(got).toEqual([
    [0, 1],
    [0, 1],
  ]);
});

test('who comes before rank 0 waits for it', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port: masterPort } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  const given = { worldSize: 2, masterAddr: '127.0.0.1', masterPort };
  const patience = { timeoutMs: 30_000, joinTimeoutMs: 30_000 };
  const guest = open({ ...given, ...patience, rank: 1 });
  // It has been refused once by then.
  const refused = connect(masterPort, '127.0.0.1').on('error', () => undefined);
  await new Promise((resolve) => refused.once('close', resolve));
  const circles = await Promise.all([open({ ...given, ...patience, rank: 0 }), guest]);
  await Promise.all(circles.map((each) => each.close(null)));
});

describe('the end of one', () => {
  const endOf = (rank: number, how: (circle: Circle) => Promise<void>) =>
    amongRanks(3, async (place) => {
      const circle = await open(place);
      try {
        await circle.gather(null);
        if (place.rank === rank) return await how(circle);
        return void (await circle.gather(null));
      } finally {
        await circle.close(null);
      }
    });

  test('with an error is told to all, with its code and words', async () => {
    const ends = failures(await endOf(1, (circle) => circle.close(ending)));
    const told = 'ERR_BIT_IMAGE: Rank 1: no picture is left';
    expect([ends[0], ends[2]]).toEqual([told, told]);
  });

  test('of rank 0 too', async () => {
    const ends = failures(await endOf(0, (circle) => circle.close(ending)));
    const told = 'ERR_BIT_IMAGE: Rank 0: no picture is left';
    expect([ends[1], ends[2]]).toEqual([told, told]);
  });

  test('without a word is an end of all that still wait for it', async () => {
    const ends = failures(await endOf(2, (circle) => circle.close(null)));
    const told = 'ERR_BIT_TRAINING: Rank 2 has left';
    expect([ends[0], ends[1]]).toEqual([told, told]);
  });
});

/** A guest by hand, so that it can do what ours does not. */
async function byHand(port: number, hello: object | string): Promise<Socket> {
  const socket = connect(port, '127.0.0.1').setEncoding('utf8');
  socket.on('error', () => undefined);
  socket.write(`${typeof hello === 'string' ? hello : JSON.stringify(hello)}\n`);
  await once(socket, 'connect');
  return socket;
}

const HELLO = { kind: 'hello', rank: 1, worldSize: 2, host: '127.0.0.1' };

/** Rank 0 of two, and what becomes of it once `guest` has come by hand. */
async function hosted(
  guest: (port: number) => Promise<unknown>,
  limits: Partial<MeetingPlace> = {},
): Promise<string> {
  let came: Promise<unknown> = Promise.resolve();
  const place: MeetingPlace = {
    ...{ rank: 0, worldSize: 2, masterAddr: '127.0.0.1', masterPort: 0 },
    ...{ timeoutMs: 30_000, joinTimeoutMs: 30_000, ...limits },
    onListening: (port) => void (came = guest(port)),
  };
  const end = await failure(
    HostCircle.open(place).then(async (circle) => {
      try {
        await circle.gather(null);
      } finally {
        await circle.close(null);
      }
    }),
  );
  await came;
  return end;
}

test('one that dies, and one that is silent, are named', async () => {
  expect(await hosted(async (port) => (await byHand(port, HELLO)).end())).toMatch(
    /^ERR_BIT_TRAINING: Rank 1 is gone: /,
  );
  const silent: Socket[] = [];
  const keep = async (port: number) => silent.push(await byHand(port, HELLO));
  expect(await hosted(keep, { timeoutMs: 200 })).toBe(
    'ERR_BIT_TRAINING: Rank 1 has been silent for 0.2 s (distributed.timeoutMs)',
  );
  for (const socket of silent) socket.destroy();
});

test('one that says what means nothing is gone', async () => {
  const speak = async (port: number) => (await byHand(port, HELLO)).write('GET / HTTP/1.1\n');
  expect(await hosted(speak)).toBe(
    'ERR_BIT_TRAINING: Rank 1 says what is no message of a training',
  );
});

test('strangers are turned away, and those who belong there still come', async () => {
  const answers: string[] = [];
  const heard = async (port: number, hello: object | string) => {
    const socket = await byHand(port, hello);
    let text = '';
    socket.on('data', (chunk: string) => (text += chunk));
    await new Promise((resolve) => socket.once('close', resolve));
    answers.push(text.trim());
  };
  const end = await hosted(async (port) => {
    await heard(port, 'GET / HTTP/1.1');
    await heard(port, 'x'.repeat(100_000));
    await heard(port, { kind: 'give', value: 1 });
    await heard(port, { ...HELLO, worldSize: 3 });
    await heard(port, { ...HELLO, rank: 2 });
    const last = await byHand(port, HELLO);
    last.end(`${JSON.stringify({ kind: 'end', ending })}\n`);
  });
  expect(end).toBe('ERR_BIT_IMAGE: Rank 1: no picture is left');
  const refused = (why: string) => JSON.stringify({ kind: 'refused', why });
  expect(answers).toEqual([
    '',
    '',
    refused('rank 0 does not know what that means'),
    refused('rank 0 is one of 2 processes, and this one of 3'),
    refused('there is no rank 2'),
  ]);
});

test('who is refused hears why', async () => {
  const ends = await amongRanks(
    2,
    async (place) => {
      const circle = await open(place.rank === 1 ? { ...place, worldSize: 5 } : place);
      await circle.close(null);
    },
    { joinTimeoutMs: 1000 },
  );
  expect(failures(ends)[1]).toBe(
    'ERR_BIT_TRAINING: Rank 1: rank 0 is one of 2 processes, and this one of 5',
  );
});

test('those who do not come in time are named, and rank 0 that is not there', async () => {
  const place = { worldSize: 4, masterAddr: '127.0.0.1', timeoutMs: 30_000, joinTimeoutMs: 300 };
  let port = 0;
  let guest: Promise<string> | null = null;
  const onListening = (at: number) => {
    port = at;
    guest = failure(open({ ...place, rank: 2, masterPort: at }));
  };
  const words = 'have not come to 127.0.0.1:';
  const end = await failure(open({ ...place, rank: 0, masterPort: 0, onListening }));
  expect(end).toMatch(
    new RegExp(
      `^ERR_BIT_TRAINING: Of 4 processes those of rank 1, (2, )?3 ${words}${port} within 0.3 s \\(distributed.joinTimeoutMs\\)$`,
    ),
  );
  expect(await guest).toMatch(/^ERR_BIT_TRAINING: Rank 0: Of 4 processes/);
  expect(await failure(open({ ...place, rank: 1, masterPort: port }))).toMatch(
    new RegExp(
      `^ERR_BIT_TRAINING: Rank 0 cannot be reached at 127.0.0.1:${port} for 0.3 s \\(distributed.joinTimeoutMs\\): .*ECONNREFUSED`,
    ),
  );
});

test('a port that is taken is told', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port: masterPort } = server.address() as AddressInfo;
  const place = { rank: 0, worldSize: 2, masterAddr: '127.0.0.1', masterPort };
  expect(await failure(open({ ...place, timeoutMs: 1000, joinTimeoutMs: 1000 }))).toMatch(
    /^ERR_BIT_TRAINING: Rank 0 cannot wait for the others: .*EADDRINUSE/,
  );
  server.close();
});

test('a signal ends the wait of either side', async () => {
  const place = { worldSize: 2, masterAddr: '127.0.0.1', timeoutMs: 9000, joinTimeoutMs: 30_000 };
  const reason = new Error('enough');
  const first = new AbortController();
  const onListening = () => first.abort(reason);
  const waiting = open({ ...place, rank: 0, masterPort: 0, onListening }, first.signal);
  await expect(waiting).rejects.toBe(reason);
  const second = new AbortController();
  const server = createServer(() => second.abort(reason)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await expect(open({ ...place, rank: 1, masterPort: port }, second.signal)).rejects.toBe(reason);
  server.close();
});

test('addresses', () => {
  expect(plainHost('::ffff:10.0.0.1')).toBe('10.0.0.1');
  expect(plainHost('fe80::1')).toBe('fe80::1');
  expect(['127.0.0.1', '127.0.1.1', '::1', 'localhost'].map(isLoopback)).toEqual(
    Array(4).fill(true),
  );
  expect(['10.0.0.1', 'node-0', 'localhost.example'].map(isLoopback)).toEqual(Array(3).fill(false));
});
