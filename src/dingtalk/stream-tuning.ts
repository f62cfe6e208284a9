/** The stream's times and bounds. The defaults suit the platform; tests make them small. */
export interface StreamTuning {
  /** For asking where to connect. Default 10 s. */
  readonly requestTimeoutMs: number;
  /** For the WebSocket's handshake. Default 10 s. */
  readonly handshakeTimeoutMs: number;
  /** The ceiling of the first pause between attempts; it doubles with each. Default 1 s. */
  readonly backoffBaseMs: number;
  /** The ceiling of all pauses. Default 60 s. */
  readonly backoffCapMs: number;
  /** The pause after the client id or secret was refused: only a person can change that. Default 5 min. */
  readonly refusedPauseMs: number;
  /** A connection that lived shorter counts as a failed attempt. Default 10 s. */
  readonly stableAfterMs: number;
  /** How often a connection is asked for a sign of life. Default 15 s. */
  readonly pingIntervalMs: number;
  /**
   * After how many intervals without any sign of life a connection is given up. Default 2, which survives an event loop that stood still:
   * however long, it costs one interval.
   */
  readonly missedPings: number;
  /** How long a connection that the platform is about to close may stay beside its successor. Default 15 s. */
  readonly retireAfterMs: number;
  /** How long a closing handshake may take. Default 2 s. */
  readonly closeTimeoutMs: number;
  /** How long `stop` waits for handlers. Default 10 s. */
  readonly drainTimeoutMs: number;
  /** How long a frame may be at work before it is kept, to be acknowledged. Default 500 ms: the platform waits 2 s for a click. */
  readonly keepAfterMs: number;
  /** How long a frame's id is remembered. Default 5 min. */
  readonly dedupeMs: number;
  /** How many ids of frames are remembered. Default 10,000. */
  readonly dedupeEntries: number;
  /** How long the same alarm is not raised again. Default 1 h. */
  readonly alarmRepeatMs: number;
  /** A larger frame breaks its connection. Default 1 MiB. */
  readonly maxFrameBytes: number;
}

export const STREAM_DEFAULTS: StreamTuning = Object.freeze({
  requestTimeoutMs: 10_000,
  handshakeTimeoutMs: 10_000,
  backoffBaseMs: 1_000,
  backoffCapMs: 60_000,
  refusedPauseMs: 300_000,
  stableAfterMs: 10_000,
  pingIntervalMs: 15_000,
  missedPings: 2,
  retireAfterMs: 15_000,
  closeTimeoutMs: 2_000,
  drainTimeoutMs: 10_000,
  keepAfterMs: 500,
  dedupeMs: 300_000,
  dedupeEntries: 10_000,
  alarmRepeatMs: 3_600_000,
  maxFrameBytes: 1_048_576,
});
