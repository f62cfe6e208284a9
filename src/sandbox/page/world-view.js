import { byId, element } from './dom.js';
import { formatMoney, formatNumber, hasText, onLanguageChange, text } from './texts.js';
import { dateAndTime, fullDate, shortDate, timeOfDay } from './times.js';

/** The panel of what cannot be seen in a chat, for the chosen account. */
export class WorldView {
  #world;
  #accountId;
  #place = byId('world');

  /** `accountId()` is the chosen account, or undefined where there is one. */
  constructor(world, accountId) {
    this.#world = world;
    this.#accountId = accountId;
    world.addEventListener('change', () => this.show());
    onLanguageChange(() => this.show());
  }

  /** The state of the chosen account, or undefined while there is none. */
  get account() {
    const { view } = this.#world;
    return view?.accounts.find(({ id }) => id === this.#accountId()) ?? view?.accounts[0];
  }

  show() {
    const { view } = this.#world;
    const { account } = this;
    this.#place.hidden = account === undefined;
    this.#showNextEvent(view);
    if (account === undefined) return;
    byId('world-body').replaceChildren(
      this.#money(account),
      this.#quota(account),
      this.#alerts(account),
      this.#approvals(account),
      this.#notices(view.notices),
    );
    byId('world-account').textContent = account.name;
    const badge = byId('world-standing');
    const isOverdue = account.standing === 'overdue';
    const stopped = account.reasons.filter((reason) => reason !== 'suspended');
    const states = [...(isOverdue ? ['overdue'] : []), ...stopped];
    badge.textContent = (states.length > 0 ? states : ['allowed']).map((state) => label('state', state)).join(' · ');
    badge.className = `badge badge-${isOverdue ? 'bad' : states.length > 0 ? 'warn' : 'good'}`;
  }

  #showNextEvent(view) {
    const at = view?.nextEventAt ? new Date(view.nextEventAt) : null;
    byId('next-event').hidden = view === null;
    byId('next-event').textContent = at
      ? text('nextEventAt', { time: `${shortDate(at)} ${timeOfDay(at)}` })
      : text('nothingDue');
    byId('to-next').disabled = at === null;
    byId('to-next').hidden = view === null;
  }

  #money(account) {
    const below = account.available.startsWith('-');
    const credit = account.available !== account.balance;
    return element(
      'dl',
      { class: 'figures' },
      figure(text('balance'), formatMoney(account.balance, account.currency), below ? 'figure-bad' : null),
      credit ? figure(text('available'), formatMoney(account.available, account.currency), null) : null,
      figure(text('quota'), text('segmentsOf', { count: account.quota }), account.quota === 0 ? 'figure-warn' : null),
    );
  }

  #quota({ plans, autoRenewal, quota }) {
    const { enabled, threshold, offerTitle } = autoRenewal;
    const renewal = enabled ? text('renewalOn', { threshold, offer: offerTitle ?? '–' }) : text('renewalOff');
    return part(
      text('plans'),
      plans.length === 0 ? element('p', { class: 'faint' }, text('noPlans')) : null,
      ...plans.map((plan) => this.#plan(plan, enabled && quota <= threshold)),
      element('p', { class: `renewal${enabled ? ' renewal-on' : ''}` }, element('i', { class: 'dot' }), renewal),
    );
  }

  #plan(plan, low) {
    const remaining = Math.max(0, plan.remaining);
    const share = plan.total > 0 ? remaining / plan.total : 0;
    const look = share === 0 ? 'bar-empty' : low ? 'bar-low' : '';
    const words = text('planLeft', { remaining, total: plan.total });
    const fill = element('i', {});
    fill.style.inlineSize = `${Math.max(share > 0 ? 1.5 : 0, share * 100).toFixed(2)}%`;
    const expires = new Date(plan.expiresAt);
    return element(
      'div',
      { class: 'plan' },
      element('p', { class: 'plan-title' }, element('span', {}, plan.title), element('b', {}, formatNumber(remaining))),
      element(
        'div',
        {
          class: `bar ${look}`,
          role: 'meter',
          'aria-label': plan.title,
          'aria-valuemin': '0',
          'aria-valuemax': String(plan.total),
          'aria-valuenow': String(remaining),
          'aria-valuetext': words,
        },
        fill,
      ),
      element(
        'p',
        { class: 'faint', title: dateAndTime(expires) },
        `${words} · ${text('expires', { date: fullDate(expires) })}`,
      ),
    );
  }

  #alerts({ alerts }) {
    if (alerts.length === 0) return line(text('alerts'), element('p', { class: 'faint' }, text('noAlerts')));
    return line(
      text('alerts'),
      element(
        'ul',
        { class: 'chips-list' },
        ...alerts.map(({ kind, level, since }) =>
          element(
            'li',
            {
              class: `badge badge-${kind === 'overdue' ? 'bad' : 'warn'}`,
              title: text('alertSince', { time: dateAndTime(new Date(since)), level }),
            },
            label(`alert_${kind}`, String(level), label('alert', kind)),
          ),
        ),
      ),
    );
  }

  #approvals({ approvals }) {
    if (approvals.length === 0) return line(text('approvals'), element('p', { class: 'faint' }, text('noApprovals')));
    return line(
      text('approvals'),
      element(
        'ul',
        { class: 'approvals' },
        ...approvals.map(({ code, summary, requester, expiresAt }) =>
          element(
            'li',
            {},
            element('b', {}, code),
            element('span', {}, requester && !summary.includes(requester) ? `${requester}: ${summary}` : summary),
            element(
              'small',
              {},
              text('until', { time: `${shortDate(new Date(expiresAt))} ${timeOfDay(new Date(expiresAt))}` }),
            ),
          ),
        ),
      ),
    );
  }

  #notices({ waiting, dead, delivered }) {
    const count = (key, value, look) =>
      element(
        'span',
        { class: value > 0 && look ? look : null },
        `${text(key)} `,
        element('b', {}, formatNumber(value)),
      );
    return line(
      text('noticesQueue'),
      element(
        'p',
        { class: 'queue' },
        count('noticesWaiting', waiting, 'queue-busy'),
        count('noticesDelivered', delivered, null),
        count('noticesDead', dead, 'queue-dead'),
      ),
    );
  }
}

/** A line of its own: what there is of something. */
function line(title, content) {
  return element('div', { class: 'world-line' }, element('h4', {}, title), content);
}

function part(title, ...children) {
  return element('section', { class: 'world-part' }, element('h4', {}, title), ...children.filter(Boolean));
}

function figure(name, value, look) {
  return element('div', {}, element('dt', {}, name), element('dd', { class: look }, value));
}

/** The label of a word that the service uses, or else that word itself: a service may know more words than the page. */
function label(group, word, otherwise = word.replaceAll('_', ' ')) {
  const key = `${group}_${word}`;
  return hasText(key) ? text(key) : otherwise;
}
