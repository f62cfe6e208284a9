import { api } from './api.js';
import { byId, element } from './dom.js';

/**
 * The choice of the account that SMS and recharges go to; shown only where there are several. A sandbox without a service has no
 * accounts, and its page no controls for them.
 */
export class AccountChoice {
  #select = byId('account');
  #field = byId('account-field');

  /** `onChoice()` is called when another account is chosen. */
  constructor(onChoice) {
    this.#select.addEventListener('change', onChoice);
  }

  async refresh() {
    const accounts = await accountsOfService();
    for (const section of document.querySelectorAll('[data-needs-service]')) section.hidden = accounts === null;
    if (accounts === null) return;
    const chosen = this.#select.value;
    this.#select.replaceChildren(
      ...accounts.map(({ id, name }) => element('option', { value: id, selected: id === chosen }, name)),
    );
    this.#field.hidden = accounts.length < 2;
  }

  /** The chosen account's id, or undefined where there is one account. */
  id() {
    return this.#field.hidden ? undefined : this.#select.value;
  }
}

async function accountsOfService() {
  try {
    return await api.accounts();
  } catch (error) {
    if (error.code === 'no_service') return null;
    throw error;
  }
}
