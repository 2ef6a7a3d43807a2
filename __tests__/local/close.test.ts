import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { createLocalBalancer } from '../../lib/local/index.ts';
import { closeAll, send, startHost, startNode } from './support.ts';

afterEach(closeAll);

test('close() refuses new requests with 503 and waits for the open ones', async () => {
  const events = new EventTarget();
  let open: ServerResponse | undefined;
  const node = await startNode([], (_, res) => {
    open = res;
    events.dispatchEvent(new Event('arrived'));
  });
  const balancer = createLocalBalancer({ nodes: [node.url] });
  const { url } = await startHost([balancer]);
  const arrived = once(events, 'arrived');
  const first = send(url, { body: '{}' });
  await arrived;

  let closed = false;
  const closing = balancer.close().then(() => (closed = true));
  const second = await send(url, { body: '{}' });
  expect([second.status, second.headers['retry-after'], JSON.parse(second.text)]).toEqual([
    503,
    '1',
    {
      error: {
        message: 'This server is shutting down. Please send the request again.',
        type: 'server_error',
        param: null,
        code: 'shutting_down',
      },
    },
  ]);
  expect(closed).toBe(false);

  open?.end('the whole answer');
  expect(await first).toMatchObject({ status: 200, text: 'the whole answer', complete: true });
  await closing;
  expect(closed).toBe(true);
  expect(node.received.length).toBe(1);
});

test('close() of a balancer that never had a request ends at once', async () => {
  await expect(createLocalBalancer({ nodes: ['http://127.0.0.1:9'] }).close()).resolves.toBeUndefined();
});
