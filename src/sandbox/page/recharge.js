import { api } from './api.js';
import { byId } from './dom.js';
import { busyWhile, tellDone } from './notices.js';
import { formatMoney, onLanguageChange, text } from './texts.js';

/** Puts money on the account, as a bank transfer would. */
export class RechargeControl {
  #form = byId('recharge-form');
  #amount = byId('recharge-amount');
  #accountId;

  /** `accountId()` is the chosen account, or undefined where there is one. */
  constructor(accountId) {
    this.#accountId = accountId;
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault();
      const amount = this.#amount.value.trim();
      const fits = /^\d{1,9}(?:\.\d{1,2})?$/.test(amount) && Number(amount) > 0;
      this.#amount.setCustomValidity(fits ? '' : text('amountBad'));
      if (this.#amount.reportValidity()) busyWhile(this.#form, () => this.#recharge(Number(amount).toFixed(2)));
    });
    this.#amount.addEventListener('input', () => this.#show());
    for (const button of this.#form.querySelectorAll('[data-amount]')) {
      button.addEventListener('click', () => {
        this.#amount.value = button.dataset.amount;
        this.#show();
      });
    }
    onLanguageChange(() => this.#show());
    this.#show();
  }

  #show() {
    this.#amount.setCustomValidity('');
    for (const button of this.#form.querySelectorAll('[data-amount]')) {
      button.setAttribute('aria-pressed', String(button.dataset.amount === this.#amount.value));
    }
  }

  /** Fills in the form as a person would, and pays `amount` yuan in. */
  async pay(amount) {
    this.#amount.value = String(amount);
    this.#show();
    await this.#recharge(amount.toFixed(2));
  }

  async #recharge(amount) {
    const accountId = this.#accountId();
    await api.recharge({ ...(accountId ? { accountId } : {}), amount });
    tellDone(text('recharged', { amount: formatMoney(amount, 'CNY') }));
  }
}
