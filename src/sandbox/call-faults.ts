/** What the next call of an API meets instead of, or after, its ordinary handling. */
export type CallFault =
  | { readonly kind: 'answer'; readonly status: number; readonly body: unknown }
  /** The platform's own answer to too many calls, in the form that this API has for it. */
  | { readonly kind: 'throttle' }
  /** HTTP 200 with a body that is no answer of this API. */
  | { readonly kind: 'garbage' }
  /** No answer at all; the connection stays open. */
  | { readonly kind: 'hang' }
  /** The connection is reset, before or after the call had its effect. */
  | { readonly kind: 'drop'; readonly when: 'before' | 'after' };

/** In place of a route: every call that needs a token, and every reply through a `sessionWebhook`. */
export const ANY_CALL = '*';

interface Planned {
  readonly route: string;
  readonly fault: CallFault;
  /** What the control API calls it. */
  readonly name: string;
  left: number;
}

/** Faults that wait for their call. A route is a path, or a method and a path: `PUT /v1.0/card/instances`. */
export class CallFaults {
  /** Is called whenever one has been used. */
  onUse: () => void = () => {};
  readonly #signIns: ReadonlySet<string>;
  #planned: Planned[] = [];

  /** @param signIns paths of the calls that get a connection or a token: `ANY_CALL` does not mean them */
  constructor(signIns: readonly string[]) {
    this.#signIns = new Set(signIns);
  }

  plan(route: string, fault: CallFault, times: number, name: string = fault.kind): void {
    this.#planned.push({ route, fault, name, left: times });
  }

  /** Those that still wait, as the control API lists them. */
  get waiting(): Record<string, unknown>[] {
    return this.#planned.map(({ route, fault, name, left }) => ({
      fault: name,
      ...(name === 'refuse' ? {} : { api: route === ANY_CALL ? null : route }),
      ...(fault.kind === 'answer' ? { status: fault.status } : {}),
      ...(fault.kind === 'drop' ? { when: fault.when } : {}),
      left,
    }));
  }

  /** The fault that this call meets, which is thereby used once. */
  take(method: string, path: string): CallFault | undefined {
    const found = this.#planned.find(
      ({ route }) =>
        route === path || route === `${method} ${path}` || (route === ANY_CALL && !this.#signIns.has(path)),
    );
    if (found === undefined) return undefined;
    found.left -= 1;
    if (found.left <= 0) this.#planned = this.#planned.filter((one) => one !== found);
    this.onUse();
    return found.fault;
  }

  clear(): void {
    this.#planned = [];
  }
}
