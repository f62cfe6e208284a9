/** What the next call of an API meets instead of, or after, its ordinary handling. */
export type CallFault =
  | { readonly kind: 'answer'; readonly status: number; readonly body: unknown }
  /** No answer at all; the connection stays open. */
  | { readonly kind: 'hang' }
  /** The connection is reset, before or after the call had its effect. */
  | { readonly kind: 'drop'; readonly when: 'before' | 'after' };

interface Planned {
  readonly route: string;
  readonly fault: CallFault;
  left: number;
}

/** Faults that wait for their call. A route is a path, or a method and a path: `PUT /v1.0/card/instances`. */
export class CallFaults {
  #planned: Planned[] = [];

  plan(route: string, fault: CallFault, times: number): void {
    this.#planned.push({ route, fault, left: times });
  }

  /** The fault that this call meets, which is thereby used once. */
  take(method: string, path: string): CallFault | undefined {
    const found = this.#planned.find(({ route }) => route === path || route === `${method} ${path}`);
    if (found === undefined) return undefined;
    found.left -= 1;
    if (found.left <= 0) this.#planned = this.#planned.filter((one) => one !== found);
    return found.fault;
  }

  clear(): void {
    this.#planned = [];
  }
}
