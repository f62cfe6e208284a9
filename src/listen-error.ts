/** A server that cannot listen where the settings say. `code` is stable; `message` says what is wrong and what to do next. */
export class ListenError extends Error {
  override readonly name = 'ListenError';
  readonly code: 'port_in_use' | 'port_denied' | 'host_unknown';

  constructor(code: ListenError['code'], message: string, cause: unknown) {
    super(message, { cause });
    this.code = code;
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
