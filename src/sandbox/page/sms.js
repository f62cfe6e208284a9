import { ApiError, api } from './api.js';
import { Burst } from './burst.js';
import { byId, element, icon } from './dom.js';
import { tellDone, tellError } from './notices.js';
import { countryName, currentLanguage, formatNumber, onLanguageChange, text } from './texts.js';

const mostAtOnce = 10_000_000;
const mostPerSecond = 20_000;
const mostSegments = 20;
const mainland = 'CN';
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

/** Sends SMS as a gateway does: so many a second until all are sent, with progress, a pause and a stop. */
export class SmsControl {
  #form = byId('sms-form');
  #count = byId('sms-count');
  #rate = byId('sms-rate');
  #segments = byId('sms-segments');
  #destination = byId('sms-destination');
  #accountId;
  #burst;

  /** Is told `{done, count}` while messages are sent, and null at the end. */
  onProgress = () => {};

  /** `accountId()` is the chosen account, or undefined where there is one. */
  constructor(accountId) {
    this.#accountId = accountId;
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault();
      if (!this.running && this.#valid()) this.#run().catch(tellError);
    });
    this.#form.addEventListener('input', () => this.#show());
    for (const button of this.#form.querySelectorAll('[data-count]')) {
      button.addEventListener('click', () => {
        this.#count.value = button.dataset.count;
        this.#show();
      });
    }
    byId('sms-stop').addEventListener('click', () => this.stop());
    byId('sms-pause').addEventListener('click', () => {
      if (this.#burst?.state === 'paused') this.#burst.resume();
      else this.#burst?.pause();
    });
    onLanguageChange(() => this.#showDestinations());
    this.#showDestinations();
  }

  get running() {
    return this.#burst !== undefined;
  }

  /** Fills in the form as a person would, sends, and resolves when the burst has ended; only a failure is told. */
  async send({ count, rate, segments = 1 }) {
    if (this.running) throw new ApiError('busy', text('burstRunning'));
    const before = [this.#count.value, this.#rate.value];
    this.#destination.value = mainland;
    this.#form.elements.namedItem('templateType').value = 'verification';
    this.#segments.value = String(segments);
    this.#fill(String(count), String(rate));
    try {
      await this.#run({ quiet: true });
    } finally {
      this.#fill(...before);
    }
  }

  #fill(count, rate) {
    this.#count.value = count;
    this.#rate.value = rate;
    this.#show();
  }

  stop() {
    this.#burst?.stop();
  }

  #showDestinations() {
    const chosen = this.#destination.value || mainland;
    const option = (code, words) => element('option', { value: code, selected: code === chosen }, words);
    this.#destination.replaceChildren(
      option(mainland, text('mainland')),
      element(
        'optgroup',
        { label: text('international') },
        ...countries.map((code) => option(code, `${countryName(code)} (${code})`)),
      ),
    );
    this.#show();
    this.#showProgress();
  }

  #show() {
    for (const field of [this.#count, this.#rate, this.#segments]) field.setCustomValidity('');
    const count = wholeNumber(this.#count.value, mostAtOnce) ?? 0;
    byId('sms-send-label').textContent = text('sendCount', { count });
    for (const button of this.#form.querySelectorAll('[data-count]')) {
      button.textContent = formatNumber(Number(button.dataset.count));
      button.setAttribute('aria-pressed', String(Number(button.dataset.count) === count));
    }
  }

  #valid() {
    for (const [field, most] of [
      [this.#count, mostAtOnce],
      [this.#rate, mostPerSecond],
      [this.#segments, mostSegments],
    ]) {
      const fits = wholeNumber(field.value, most) !== undefined;
      field.setCustomValidity(fits ? '' : text('wholeNumberBad', { most }));
    }
    return this.#form.reportValidity();
  }

  #order() {
    const accountId = this.#accountId();
    const country = this.#destination.value;
    return {
      ...(accountId ? { accountId } : {}),
      ...(country === mainland ? { destination: 'mainland' } : { destination: 'international', country }),
      templateType: new FormData(this.#form).get('templateType'),
      segments: Number(this.#segments.value),
    };
  }

  async #run({ quiet = false } = {}) {
    const order = this.#order();
    const send = async (count) => {
      const { posted, answers } = await api.sendSms({ ...order, count });
      if (posted < count) throw notTaken(answers.at(-1));
      return posted;
    };
    const burst = new Burst(send, Number(this.#count.value), Number(this.#rate.value));
    this.#burst = burst;
    burst.addEventListener('change', () => this.#showProgress());
    this.#showProgress();
    try {
      await burst.run();
      const { sent: done, total: count } = burst;
      if (!quiet) tellDone(done < count ? text('stopped', { done, count }) : text('sent', { count }));
    } catch (error) {
      const { sent: done } = burst;
      throw done > 0 ? new ApiError(error.code, text('sendFailed', { done, reason: error.message })) : error;
    } finally {
      this.#burst = undefined;
      this.#showProgress();
    }
  }

  /** A burst takes the send button's place. */
  #showProgress() {
    const burst = this.#burst;
    const focusLost = byId('sms-progress').contains(document.activeElement) && burst === undefined;
    byId('sms-progress').hidden = burst === undefined;
    byId('sms-submit').hidden = burst !== undefined;
    if (focusLost) byId('sms-submit').focus();
    this.onProgress(burst ? { done: burst.sent, count: burst.total } : null);
    if (burst === undefined) return;
    const bar = byId('sms-progress-bar');
    bar.max = burst.total;
    bar.value = burst.sent;
    byId('sms-progress-words').textContent = text('sending', { done: burst.sent, count: burst.total });
    const paused = burst.state === 'paused';
    byId('sms-pause').replaceChildren(icon(paused ? 'play' : 'pause'), text(paused ? 'resume' : 'pause'));
  }
}

function notTaken(answer) {
  const { body, status } = answer ?? {};
  const said = currentLanguage() === 'zh-CN' ? (body?.error?.messageZh ?? body?.error?.message) : body?.error?.message;
  const reason = typeof body === 'string' ? body : (said ?? body?.msg ?? JSON.stringify(body));
  return new ApiError('not_taken', text('notTaken', { status: String(status), reason: String(reason).slice(0, 300) }));
}

function wholeNumber(words, most) {
  const value = Number(words);
  return /^\d+$/.test(words.trim()) && value >= 1 && value <= most ? value : undefined;
}
