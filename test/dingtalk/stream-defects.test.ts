import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { ManualClock } from '../../src/clock.ts';
import { cardFrame, eventFrame, robotFrame, systemFrame } from './frames.ts';
import { answerJson, HostileGateway } from './hostile-gateway.ts';
import { SECRET, StreamHarness } from './stream-harness.ts';

/** Each test is named after the defect of `dingtalk-stream` 2.1.5 that must not show through; see src/dingtalk/README.md. */
describe('StreamConnection without the defects of the SDK', () => {
  let gateway: HostileGateway;
  const started: StreamHarness[] = [];

  beforeEach(async () => {
    gateway = await new HostileGateway().start();
  });

  afterEach(async () => {
    await Promise.all(started.splice(0).map(({ connection }) => connection.stop()));
    await gateway.stop();
    vi.restoreAllMocks();
  });

  function start(options: ConstructorParameters<typeof StreamHarness>[1] = {}): StreamHarness {
    const harness = new StreamHarness(gateway.url, options);
    started.push(harness);
    harness.connection.start();
    return harness;
  }

  test('1 reconnect storm: given refused handshakes, when the gateway recovers, then there was one attempt at a time and is one socket', async () => {
    let refusals = 8;
    gateway.handshake = () => (refusals-- > 0 ? 503 : 101);
    const harness = start();
    await harness.reaches('open');
    expect(gateway.upgradeCount).toBe(9);
    expect(gateway.openCount).toBe(9);
    expect(gateway.openSockets).toBe(1);
    await harness.connection.stop();
    expect(gateway.upgradeCount).toBe(9);
  });

  test('2 connect never fails: given wrong credentials, when connecting, then an alarm is raised and the next try is far off', async () => {
    gateway.answerOpen = (response) =>
      answerJson(response, 401, { code: 'authFailed', message: '鉴权失败', requestid: 'R1' });
    const harness = start();
    const alarm = await harness.alarms.next();
    expect(alarm).toMatchObject({ code: 'credentials_refused' });
    expect(alarm.message).toContain('authFailed');
    await harness.reaches('waiting');
    expect(harness.connection.status).toMatchObject({ attempts: 1, lastError: 'authFailed' });
    await harness.connection.stop();
    expect(gateway.openCount).toBe(1);
  });

  test('2 connect never fails: given credentials that are corrected later, when the slow retry comes, then it connects without a restart', async () => {
    let refusals = 3;
    gateway.answerOpen = (response, ok) => (refusals-- > 0 ? answerJson(response, 401, { code: 'authFailed' }) : ok());
    const harness = start({ tuning: { refusedPauseMs: 5 } });
    await harness.reaches('open');
    expect(gateway.openCount).toBe(4);
    expect(harness.logLines.filter((line) => line.includes('"alarm"'))).toHaveLength(1);
  });

  test('3 retry after disconnect: given a connection that waits for its next attempt, when it is stopped, then no attempt follows', async () => {
    gateway.handshake = () => 503;
    const harness = start({ tuning: { backoffBaseMs: 60_000, backoffCapMs: 60_000 } });
    await harness.reaches('waiting');
    await harness.connection.stop();
    const before = gateway.openCount;
    gateway.handshake = () => 101;
    await start().reaches('open');
    expect(gateway.openCount).toBe(before + 1);
    expect(harness.connection.status.state).toBe('stopped');
  });

  test.each(['answer', 'handshake'])(
    '3 retry after disconnect: given an attempt that waits for the %s, when it is stopped, then it ends at once and does not connect',
    async (what) => {
      if (what === 'answer') gateway.answerOpen = () => {};
      else gateway.handshake = () => 0;
      const harness = start();
      await (what === 'answer' ? gateway.opens.next() : gateway.upgrades.next());
      await harness.connection.stop();
      expect(harness.connection.status.state).toBe('stopped');
      expect(gateway.openSockets).toBe(0);
    },
  );

  test('4 socket leak: given a gateway that drops connections, when it was reconnected each time, then one socket is open', async () => {
    start();
    for (let round = 0; round < 5; round++) {
      const peer = await gateway.peers.next();
      expect(gateway.openSockets).toBe(1);
      peer.socket.terminate();
      await peer.closed;
    }
    await gateway.peers.next();
    expect(gateway.openSockets).toBe(1);
  });

  test('5 heartbeat timers: given several reconnects, when pings are answered, then the last connection lives on', async () => {
    start({ tuning: { pingIntervalMs: 60 } });
    for (let round = 0; round < 4; round++) {
      const peer = await gateway.peers.next();
      await peer.pings.next();
      peer.socket.terminate();
    }
    const last = await gateway.peers.next();
    for (let ping = 0; ping < 6; ping++) await last.pings.next();
    expect(last.socket.readyState).toBe(last.socket.OPEN);
    expect(gateway.upgradeCount).toBe(5);
  });

  test('6 half-open connection: given a socket that is open but silent, when no ping is answered, then a new connection is made', async () => {
    const silent = await new HostileGateway({ autoPong: false }).start();
    const harness = new StreamHarness(silent.url, { tuning: { pingIntervalMs: 15 } });
    harness.connection.start();
    const first = await silent.peers.next();
    first.socket.pause();
    await silent.peers.next();
    expect(harness.states).toContain('open');
    await harness.connection.stop();
    await silent.stop();
  });

  test('6 half-open connection: given a healthy one, when the event loop stood still for many ping intervals, then it stays', async () => {
    const harness = start({ tuning: { pingIntervalMs: 60 } });
    const peer = await gateway.peers.next();
    await peer.pings.next();
    const until = performance.now() + 300;
    while (performance.now() < until);
    for (let ping = 0; ping < 4; ping++) await peer.pings.next();
    expect(harness.connection.status.counts.connections).toBe(1);
  });

  test('7 announced close: given the disconnect frame, when the old connection still delivers, then both are served and there is no gap', async () => {
    // A pause would outlast the test.
    const harness = start({ tuning: { backoffBaseMs: 3_600_000, backoffCapMs: 3_600_000 } });
    const old = await gateway.peers.next();
    await harness.reaches('open');
    old.push(systemFrame('disconnect', { reason: 'connection is expired' }));
    const successor = await gateway.peers.next();
    expect(gateway.openSockets).toBe(2);
    old.push(robotFrame({ msgId: 'on-the-old' }));
    expect((await harness.messages.next()).messageId).toBe('on-the-old');
    expect((await old.acks.next()).code).toBe(200);
    successor.push(robotFrame({ msgId: 'on-the-new' }));
    expect((await harness.messages.next()).messageId).toBe('on-the-new');
    old.socket.close();
    await old.closed;
    expect(harness.states).toEqual(['connecting', 'open']);
  });

  test('7 announced close: given a gateway that never closes the old connection, when its time is over, then we close it', async () => {
    start({ tuning: { retireAfterMs: 30 } });
    const old = await gateway.peers.next();
    old.push(systemFrame('disconnect', { reason: 'persistent connection is timeout' }));
    await gateway.peers.next();
    await old.closed;
    expect(gateway.openSockets).toBe(1);
  });

  test('7 announced close: given a gateway that announces it at once every time, when it goes on, then the pauses grow', async () => {
    const harness = start({ tuning: { stableAfterMs: 60_000, backoffBaseMs: 1, backoffCapMs: 2, retireAfterMs: 20 } });
    for (let round = 1; round <= 4; round++) {
      const peer = await gateway.peers.next();
      expect(harness.connection.status.attempts).toBe(round - 1);
      peer.push(systemFrame('disconnect', { reason: 'go away' }));
    }
    await gateway.peers.next();
    expect(harness.connection.status).toMatchObject({ attempts: 4, lastError: 'stream.announced' });
  });

  test('8 no pauses: given a failed attempt, when another connection fails and succeeds meanwhile, then the pause is still on', async () => {
    gateway.handshake = () => (gateway.upgradeCount <= 6 ? 503 : 101);
    await start({ tuning: { backoffBaseMs: 3_600_000, backoffCapMs: 3_600_000 } }).reaches('waiting');
    await start().reaches('open');
    expect(gateway.openCount).toBe(1 + 6);
  });

  test.each([
    ['asking where to connect', 'opens'],
    ['the handshake', 'upgrades'],
  ] as const)(
    '8 no time-outs: given a gateway that hangs at %s, when the time is over, then it is tried again',
    async (_, step) => {
      if (step === 'opens') gateway.answerOpen = () => {};
      else gateway.handshake = () => 0;
      const harness = start({ tuning: { requestTimeoutMs: 40, handshakeTimeoutMs: 40 } });
      await gateway[step].next();
      await gateway[step].next();
      expect(harness.connection.status.lastError).toBe('timeout');
    },
  );

  test('8 no pauses: given a gateway that drops every connection at once, when it goes on, then attempts count up and each waits', async () => {
    const harness = start({ tuning: { stableAfterMs: 60_000 } });
    for (let round = 0; round < 4; round++) (await gateway.peers.next()).socket.terminate();
    await gateway.peers.next();
    await harness.reaches('open');
    expect(harness.connection.status.attempts).toBe(4);
    expect(harness.states.filter((state) => state === 'waiting')).toHaveLength(4);
  });

  test.each([
    ['text', 'this is not JSON'],
    ['a number', '42'],
    ['null', 'null'],
    ['no headers', '{"type":"CALLBACK","data":"{}"}'],
    ['headers that are no object', '{"type":"CALLBACK","headers":7,"data":"{}"}'],
    ['no id', '{"type":"CALLBACK","headers":{"topic":"/v1.0/im/bot/messages/get"},"data":"{}"}'],
    ['data that is no text', '{"type":"EVENT","headers":{"topic":"*","messageId":"m"},"data":{}}'],
  ])(
    '9 one bad frame kills: given a frame of %s, when a good one follows, then it is handled on the same connection',
    async (_, bad) => {
      const harness = start();
      const peer = await gateway.peers.next();
      await harness.reaches('open');
      peer.push(bad);
      peer.push(robotFrame());
      await harness.messages.next();
      expect(harness.connection.status.counts).toMatchObject({ malformed: 1, connections: 1 });
    },
  );

  test('9 one bad frame kills: given good frames with bad data, when they come, then each is answered with 400 and nothing of it is logged', async () => {
    const harness = start();
    const peer = await gateway.peers.next();
    const bad = [
      robotFrame({ conversationType: 'private-7788' }),
      cardFrame({ content: 'private-7788' }),
      eventFrame('private-7788'),
    ];
    for (const frame of bad) {
      peer.push(frame);
      expect(await peer.acks.next()).toMatchObject({ code: 400, headers: { messageId: frame.headers.messageId } });
    }
    peer.push(robotFrame());
    await harness.messages.next();
    expect(harness.connection.status.counts.malformed).toBe(3);
    expect(harness.logLines.join('')).not.toContain('private-7788');
  });

  test.each([
    [
      'throws',
      () => {
        throw new Error('broken');
      },
    ],
    ['rejects', () => Promise.reject(new Error('broken'))],
  ])(
    '10 handler failures escape: given a handler that %s, when its frame came, then it is acknowledged, logged and the next is handled',
    async (_, fail) => {
      let calls = 0;
      const harness = start({
        handlers: {
          onMessage: (message) => {
            calls += 1;
            if (calls === 1) return fail();
            harness.messages.push(message);
            return Promise.resolve();
          },
        },
      });
      const peer = await gateway.peers.next();
      const frame = robotFrame();
      peer.push(frame);
      expect((await peer.acks.next()).code).toBe(200);
      // The same frame again: it failed, so it is not a duplicate.
      peer.push(frame);
      await harness.messages.next();
      expect(harness.connection.status.counts).toMatchObject({ handlerFailures: 1, duplicates: 0 });
    },
  );

  test('11 event answers: given an asynchronous handler, when an event comes, then the answer says SUCCESS before the work is done', async () => {
    const work = Promise.withResolvers<void>();
    const harness = start({ handlers: { onEvent: () => work.promise } });
    const peer = await gateway.peers.next();
    peer.push(eventFrame());
    const ack = await peer.acks.next();
    expect(JSON.parse(ack.data)).toEqual({ status: 'SUCCESS' });
    work.resolve();
    await harness.connection.stop();
  });

  test('12 answers on the wrong socket: given a successor connection, when a frame comes over the old one, then the old one gets the answer', async () => {
    start();
    const old = await gateway.peers.next();
    old.push(systemFrame('disconnect', { reason: 'connection is expired' }));
    const successor = await gateway.peers.next();
    const onOld = robotFrame();
    const onNew = robotFrame();
    old.push(onOld);
    successor.push(onNew);
    expect((await old.acks.next()).headers.messageId).toBe(onOld.headers.messageId);
    expect((await successor.acks.next()).headers.messageId).toBe(onNew.headers.messageId);
  });

  test('13 shared subscriptions: given two connections of which one wants events, when both connect, then each asks for its own topics', async () => {
    start();
    const withEvents = (await gateway.opens.next()).subscriptions;
    start({ withoutEvents: true });
    const withoutEvents = (await gateway.opens.next()).subscriptions;
    const callbacks = [
      { type: 'CALLBACK', topic: '/v1.0/im/bot/messages/get' },
      { type: 'CALLBACK', topic: '/v1.0/card/instances/callback' },
    ];
    expect(withEvents).toEqual([...callbacks, { type: 'EVENT', topic: '*' }]);
    expect(withoutEvents).toEqual(callbacks);
  });

  test('14 noise and secrets: given a life with failures, when everything is logged, then the console is silent and no secret is in the log', async () => {
    const noises = (['log', 'info', 'warn', 'error', 'debug'] as const).map((name) => vi.spyOn(console, name));
    let refusals = 1;
    gateway.answerOpen = (response, ok) =>
      refusals-- > 0 ? answerJson(response, 401, { code: 'authFailed', message: '鉴权失败' }) : ok();
    gateway.handshake = () => (gateway.upgradeCount === 1 ? 403 : 101);
    const harness = start({ tuning: { refusedPauseMs: 1 } });
    const peer = await gateway.peers.next();
    peer.push(robotFrame({ text: { content: 'private-7788' } }));
    const message = await harness.messages.next();
    peer.push('garbage-private-7788');
    peer.push(cardFrame());
    await harness.clicks.next();
    peer.socket.terminate();
    await gateway.peers.next();
    await harness.connection.stop();
    const log = harness.logLines.join('');
    expect(log).toContain('frame was refused');
    for (const secret of [SECRET, 'ticket-', message.sessionWebhook, 'private-7788']) expect(log).not.toContain(secret);
    for (const noise of noises) expect(noise).not.toHaveBeenCalled();
  });

  test('15 no dedupe: given the same frame twice, also over another connection, when it comes, then it is handled once and answered each time', async () => {
    const harness = start();
    const first = await gateway.peers.next();
    const frame = robotFrame({ msgId: 'once' });
    first.push(frame);
    first.push(frame);
    await first.acks.next();
    await first.acks.next();
    first.socket.terminate();
    const second = await gateway.peers.next();
    second.push(frame);
    await second.acks.next();
    second.push(robotFrame({ msgId: 'after' }));
    expect((await harness.messages.next()).messageId).toBe('once');
    expect((await harness.messages.next()).messageId).toBe('after');
    expect(harness.connection.status.counts).toMatchObject({ frames: 4, duplicates: 2 });
  });

  test('15 no state: given a connection, when it opens, breaks and is stopped, then each change is told and can be read', async () => {
    const harness = start();
    const peer = await gateway.peers.next();
    await harness.reaches('open');
    peer.push(systemFrame('KEEPALIVE', {}));
    peer.push(robotFrame());
    await harness.messages.next();
    expect(harness.connection.status.lastFrameSeconds).toBeGreaterThanOrEqual(0);
    expect(Temporal.Instant.compare(harness.connection.status.since, Temporal.Now.instant())).toBeLessThanOrEqual(0);
    peer.socket.terminate();
    await gateway.peers.next();
    await harness.reaches('open');
    await harness.connection.stop();
    expect(harness.states).toEqual(['connecting', 'open', 'waiting', 'connecting', 'open', 'stopped']);
  });

  test.each([1, -1])(
    '15 no state: given a machine whose clock is set by %d h, when the connection breaks, then it has been down for a moment',
    async (hours) => {
      const clock = new ManualClock(Temporal.Now.instant());
      const harness = start({ clock });
      const peer = await gateway.peers.next();
      peer.push(robotFrame());
      await harness.messages.next();
      peer.socket.terminate();
      await harness.reaches('waiting');
      clock.set(clock.now().add({ hours }));
      const { downSeconds, lastFrameSeconds } = harness.connection.status;
      for (const seconds of [downSeconds, lastFrameSeconds]) {
        expect(seconds).toBeGreaterThanOrEqual(0);
        expect(seconds).toBeLessThan(180);
      }
    },
  );
});
