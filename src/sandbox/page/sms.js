import { ApiError, api } from './api.js';
import { byId, element } from './dom.js';
import { busyWhile, tellDone } from './notices.js';
import { countryName, formatNumber, onLanguageChange, text } from './texts.js';

const mostPerRequest = 10_000;
const mostAtOnce = 10_000_000;
const mostSegments = 20;
const countries = ['HK', 'MO', 'TW', 'SG', 'JP', 'KR', 'TH', 'MY', 'ID', 'PH', 'VN', 'IN', 'AE', 'SA'].concat([
  'US',
  'CA',
  'MX',
  'BR',
  'GB',
  'DE',
  'FR',
  'IT',
  'ES',
  'NL',
  'RU',
  'TR',
  'EG',
  'NG',
  'ZA',
  'AU',
  'NZ',
]);

/** Sends SMS as a gateway does: large counts in several requests, with progress and a way to stop. */
export class SmsControl {
  #form = byId('sms-form');
  #count = byId('sms-count');
  #segments = byId('sms-segments');
  #country = byId('sms-country');
  #progress = byId('sms-progress');
  #stopAsked = false;

  /** `accountId()` is the chosen account, or undefined where there is one. */
  constructor(accountId) {
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault();
      if (this.#valid()) busyWhile(this.#form, () => this.#send(accountId()));
    });
    this.#form.addEventListener('input', () => this.#show());
    for (const button of this.#form.querySelectorAll('[data-count]')) {
      button.addEventListener('click', () => {
        this.#count.value = button.dataset.count;
        this.#show();
      });
    }
    byId('sms-stop').addEventListener('click', () => {
      this.#stopAsked = true;
    });
    onLanguageChange(() => this.#showCountries());
    this.#showCountries();
  }

  #showCountries() {
    const chosen = this.#country.value || countries[0];
    this.#country.replaceChildren(
      ...countries.map((code) =>
        element('option', { value: code, selected: code === chosen }, `${countryName(code)} (${code})`),
      ),
    );
    this.#show();
  }

  #show() {
    this.#count.setCustomValidity('');
    this.#segments.setCustomValidity('');
    byId('sms-country-field').hidden = this.#chosen('destination') !== 'international';
    const count = wholeNumber(this.#count.value, mostAtOnce) ?? 0;
    byId('sms-send-label').textContent = text('sendCount', { count });
    for (const button of this.#form.querySelectorAll('[data-count]')) {
      button.textContent = formatNumber(Number(button.dataset.count));
      button.setAttribute('aria-pressed', String(Number(button.dataset.count) === count));
    }
  }

  #chosen(name) {
    return new FormData(this.#form).get(name);
  }

  #valid() {
    const countFits = wholeNumber(this.#count.value, mostAtOnce) !== undefined;
    const segmentsFit = wholeNumber(this.#segments.value, mostSegments) !== undefined;
    this.#count.setCustomValidity(countFits ? '' : text('countBad'));
    this.#segments.setCustomValidity(segmentsFit ? '' : text('segmentsBad'));
    return this.#form.reportValidity();
  }

  async #send(accountId) {
    const destination = this.#chosen('destination');
    const order = {
      ...(accountId ? { accountId } : {}),
      destination,
      ...(destination === 'international' ? { country: this.#country.value } : {}),
      templateType: this.#chosen('templateType'),
      segments: Number(this.#segments.value),
    };
    const total = Number(this.#count.value);
    this.#stopAsked = false;
    let done = 0;
    this.#showProgress(done, total);
    try {
      while (done < total && !this.#stopAsked) {
        const count = Math.min(mostPerRequest, total - done);
        const { posted, answers } = await api.sendSms({ ...order, count });
        done += posted;
        this.#showProgress(done, total);
        if (posted < count) throw notTaken(answers.at(-1));
      }
    } catch (error) {
      throw done > 0 ? new ApiError(error.code, text('sendFailed', { done, reason: error.message })) : error;
    } finally {
      this.#progress.hidden = true;
    }
    tellDone(done < total ? text('stopped', { done, count: total }) : text('sent', { count: done }));
  }

  #showProgress(done, total) {
    this.#progress.hidden = total <= mostPerRequest;
    const bar = this.#progress.querySelector('progress');
    bar.max = total;
    bar.value = done;
    byId('sms-progress-words').textContent = text('sending', { done, count: total });
  }
}

function notTaken(answer) {
  const { body, status } = answer ?? {};
  const reason = typeof body === 'string' ? body : (body?.error?.message ?? body?.msg ?? JSON.stringify(body));
  return new ApiError('not_taken', text('notTaken', { status: String(status), reason: String(reason).slice(0, 300) }));
}

function wholeNumber(words, most) {
  const value = Number(words);
  return /^\d+$/.test(words.trim()) && value >= 1 && value <= most ? value : undefined;
}
