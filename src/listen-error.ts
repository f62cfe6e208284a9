const CHINESE = {
  port_in_use: '端口已被另一个程序占用。请停止那个程序，或换一个空闲的端口。',
  port_denied: '当前用户无权使用这个端口。请换一个 1024 以上的端口。',
  host_unknown: 'HOST 不是本机的地址。请改成本机地址，或留空以监听 127.0.0.1。',
} as const;

/** A server that cannot listen where the settings say. `code` is stable; `message` says what is wrong and what to do next. */
export class ListenError extends Error {
  override readonly name = 'ListenError';
  readonly code: keyof typeof CHINESE;

  constructor(code: ListenError['code'], message: string, cause: unknown) {
    super(message, { cause });
    this.code = code;
  }

  /** The sentence in Chinese; which port it is stands in the English one. */
  get chinese(): string {
    return CHINESE[this.code];
  }
}

/**
 * Tells what keeps a server from listening in the words of the settings; other errors go through as they are.
 *
 * @param portSetting the setting that its port comes from
 */
export function asListenError(error: unknown, portSetting: 'PORT' | 'SANDBOX_PORT'): unknown {
  if (!(error instanceof Error) || !('code' in error)) return error;
  const place = 'port' in error && 'address' in error ? `Port ${error.port} of ${error.address}` : 'Its port';
  switch (error.code) {
    case 'EADDRINUSE':
      return new ListenError(
        'port_in_use',
        `${place} is taken by another program. Stop that one, or set ${portSetting} to a free port.`,
        error,
      );
    case 'EACCES':
      return new ListenError(
        'port_denied',
        `${place} is not open to this user. Set ${portSetting} to a port from 1024.`,
        error,
      );
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return new ListenError(
        'host_unknown',
        'HOST is no address of this machine. Set it to one, or leave it out to listen on 127.0.0.1.',
        error,
      );
    default:
      return error;
  }
}
