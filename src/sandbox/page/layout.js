import { byId } from './dom.js';

/** Below this width the controls are a drawer; below `phone` one view is shown at a time. Keep in step with layout.css. */
const drawer = window.matchMedia('(max-width: 1179.98px)');
const phone = window.matchMedia('(max-width: 759.98px)');

/** Which panels are in sight: all at desktop width, a drawer for the controls at tablet width, one view at phone width. */
export class Layout {
  #body = document.body;
  #panel = byId('controls');
  #opener = byId('open-controls');

  constructor() {
    for (const tab of document.querySelectorAll('[data-view]:is(button)')) {
      tab.addEventListener('click', () => this.show(tab.dataset.view));
    }
    this.#opener.addEventListener('click', () => this.#setDrawer(true));
    byId('close-controls').addEventListener('click', () => this.#setDrawer(false));
    byId('backdrop').addEventListener('click', () => this.#setDrawer(false));
    document.addEventListener('keydown', (event) => {
      if (event.key === 'Escape' && this.#body.dataset.drawer === 'open') this.#setDrawer(false);
    });
    for (const query of [drawer, phone]) query.addEventListener('change', () => this.#settle());
    this.show('chat');
  }

  /** Brings a view (`list`, `chat` or `controls`) to the front at phone width; elsewhere it changes nothing that is seen. */
  show(view) {
    this.#body.dataset.view = view;
    for (const tab of document.querySelectorAll('[data-view]:is(button)')) {
      if (tab.dataset.view === view) tab.setAttribute('aria-current', 'page');
      else tab.removeAttribute('aria-current');
    }
  }

  #setDrawer(open) {
    this.#body.dataset.drawer = open ? 'open' : 'closed';
    this.#settle();
    if (open) byId('close-controls').focus();
    else this.#opener.focus();
  }

  /** A closed drawer is out of reach of the keyboard too. */
  #settle() {
    const asDrawer = drawer.matches && !phone.matches;
    if (!asDrawer) this.#body.dataset.drawer = 'closed';
    const open = this.#body.dataset.drawer === 'open';
    this.#panel.inert = asDrawer && !open;
    this.#opener.setAttribute('aria-expanded', String(open));
    for (const behind of [byId('list-panel'), byId('chat-panel')]) behind.inert = asDrawer && open;
  }
}
