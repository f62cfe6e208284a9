import { connect, type Socket } from 'node:net';

/** A connection that is kept, and has one request under way at a time. */
interface Line {
  readonly socket: Socket;
  /** When the request that is under way should have been sent; undefined when the line is free. */
  since: number | undefined;
  received: string;
}

export interface OpenLoop {
  readonly url: URL;
  /** One per request, in turn. */
  readonly keys: readonly string[];
  readonly requestsPerSecond: number;
  readonly seconds: number;
  readonly connections: number;
}

/**
 * Sends requests at a fixed rate, whether or not the ones before were answered, and measures each from the moment at which it should have
 * been sent: what waits for a free connection, or for this program, is part of its time (coordinated omission is corrected).
 *
 * @returns milliseconds of each request, in no order
 */
export async function openLoop({ url, keys, requestsPerSecond, seconds, connections }: OpenLoop): Promise<number[]> {
  const total = requestsPerSecond * seconds;
  const times: number[] = [];
  const late: number[] = [];
  const over = Promise.withResolvers<void>();
  const requests = keys.map(
    (key) => `GET ${url.pathname} HTTP/1.1\r\nHost: ${url.host}\r\nAuthorization: Bearer ${key}\r\n\r\n`,
  );
  let sent = 0;
  const lines = await Promise.all(Array.from({ length: connections }, () => open(url)));
  const send = (line: Line, since: number) => {
    line.since = since;
    line.socket.write(requests[sent % requests.length] ?? '');
    sent += 1;
  };
  for (const line of lines) {
    line.socket.on('data', (chunk: Buffer) => {
      line.received += chunk.toString('latin1');
      if (!isWhole(line.received)) return;
      if (!line.received.startsWith('HTTP/1.1 200')) over.reject(new Error(line.received.slice(0, 300)));
      times.push(performance.now() - (line.since ?? Number.NaN));
      line.received = '';
      line.since = undefined;
      const waiting = late.shift();
      if (waiting !== undefined) send(line, waiting);
      if (times.length === total) over.resolve();
    });
    line.socket.on('error', over.reject);
    line.socket.on('close', () => over.reject(new Error('the server closed a connection')));
  }
  const start = performance.now();
  let due = 0;
  const timer = setInterval(() => {
    while (due < total && start + (due * 1_000) / requestsPerSecond <= performance.now()) {
      const since = start + (due * 1_000) / requestsPerSecond;
      due += 1;
      const free = lines.find((line) => line.since === undefined);
      if (free) send(free, since);
      else late.push(since);
    }
  }, 1);
  try {
    await over.promise;
  } finally {
    clearInterval(timer);
    for (const { socket } of lines) socket.removeAllListeners('close').destroy();
  }
  return times;
}

async function open(url: URL): Promise<Line> {
  const socket = connect({ host: url.hostname, port: Number(url.port), noDelay: true });
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
  });
  return { socket, since: undefined, received: '' };
}

function isWhole(received: string): boolean {
  const end = received.indexOf('\r\n\r\n');
  if (end < 0) return false;
  const [, length] = /content-length: (\d+)/i.exec(received.slice(0, end)) ?? [];
  return length !== undefined && received.length >= end + 4 + Number(length);
}
