import { Metrics, place } from '../../lib/cli/metrics';

test.each([
  ['9464', { host: '127.0.0.1', port: 9464 }],
  ['0.0.0.0:0', { host: '0.0.0.0', port: 0 }],
  ['localhost:80', { host: 'localhost', port: 80 }],
  ['[::1]:80', { host: '::1', port: 80 }],
])('%s is a place to listen at', (text, expected) => expect(place(text)).toEqual(expected));

test.each(['', 'x', '65536', ':80', '1.2.3.4:', '-1'])('%p is none', (text) => {
  expect(() => place(text)).toThrow('Expected a port, or host:port.');
});

test('numbers are those that were told last, in the format of Prometheus', async () => {
  const metrics = new Metrics();
  const url = await metrics.listen({ host: '127.0.0.1', port: 0 });
  metrics.update({ done: 5, total: null, errors: { A: 1 }, rate: 2, secondsLeft: null });
  metrics.update({ done: 7, total: 10, errors: { A: 1, B: 2 }, rate: 1.5, secondsLeft: 2 });
  const response = await fetch(url);
  expect(response.headers.get('content-type')).toContain('version=0.0.4');
  const lines = (await response.text()).split('\n');
  expect(lines).toEqual(
    expect.arrayContaining([
      '# TYPE bigtransfer_batch_rows_total counter',
      'bigtransfer_batch_rows_total 7',
      'bigtransfer_batch_errors_total{code="A"} 1',
      'bigtransfer_batch_errors_total{code="B"} 2',
      'bigtransfer_batch_rows_expected 10',
      'bigtransfer_batch_rows_per_second 1.5',
    ]),
  );
  expect(lines.some((line) => line.startsWith('process_resident_memory_bytes'))).toBe(true);
  expect((await fetch(url.replace('/metrics', '/'))).status).toBe(404);
  expect((await fetch(url, { method: 'POST' })).status).toBe(404);
  metrics.close();
  await expect(fetch(url)).rejects.toThrow();
});

test('a port that is taken is told', async () => {
  const first = new Metrics();
  const { port } = new URL(await first.listen({ host: '127.0.0.1', port: 0 }));
  const second = new Metrics();
  await expect(second.listen({ host: '127.0.0.1', port: Number(port) })).rejects.toThrow(
    'another program listens there',
  );
  first.close();
});
