import { api } from './api.js';
import { byId } from './dom.js';
import { onLanguageChange, text } from './texts.js';

/** Shows whether the page follows the sandbox and how many connections the bot has. */
export class ConnectionState {
  #live = false;
  #connections = 0;

  constructor() {
    onLanguageChange(() => this.#show());
    this.#show();
  }

  setLive(live) {
    this.#live = live;
    this.#show();
  }

  setConnections(connections) {
    this.#connections = connections;
    this.#show();
  }

  async refresh() {
    this.setConnections((await api.connection()).connections);
  }

  #show() {
    const online = this.#connections > 0;
    show('page-state', this.#live, text(this.#live ? 'live' : 'reconnecting'));
    show('bot-state', online, online ? text('botOnline', { count: this.#connections }) : text('botOffline'));
    const words = this.#live ? (online ? 'botOnlineShort' : 'botOfflineShort') : 'reconnectingShort';
    show('header-state', this.#live && online, text(words));
    byId('no-robot').hidden = !this.#live || online;
  }
}

function show(id, good, words) {
  const node = byId(id);
  node.dataset.state = good ? 'good' : 'bad';
  if (node.textContent !== words) node.querySelector('.state-words').textContent = words;
}
