import { byId, element, icon } from './dom.js';
import { text } from './texts.js';

const shownAtOnce = 3;
const successStays = 4_000;

/** Says that something was done, in the place of what was said so before; goes away by itself. */
export function tellDone(words) {
  byId('notices').querySelector('.notice-done')?.remove();
  const notice = show(words, 'done');
  setTimeout(() => notice.remove(), successStays);
}

/** Says what went wrong; stays until it is dismissed. The same words are shown once. */
export function tellError(error) {
  const words = error instanceof Error ? error.message : String(error);
  for (const shown of byId('notices').children) if (shown.dataset.words === words) shown.remove();
  show(words, 'error');
}

function show(words, kind) {
  const dismiss = element(
    'button',
    { type: 'button', class: 'icon-button', 'aria-label': text('dismiss') },
    icon('close'),
  );
  const notice = element(
    'div',
    { class: `notice notice-${kind}`, role: kind === 'error' ? 'alert' : 'status', 'data-words': words },
    icon(kind === 'error' ? 'alert' : 'check'),
    element('p', {}, words),
    dismiss,
  );
  dismiss.addEventListener('click', () => notice.remove());
  const notices = byId('notices');
  notices.append(notice);
  while (notices.children.length > shownAtOnce) notices.firstElementChild.remove();
  return notice;
}

/** Runs what a control does, with the control busy meanwhile and a failure told. Answers whether it succeeded. */
export async function busyWhile(control, work) {
  if (control.getAttribute('aria-busy') === 'true') return false;
  control.setAttribute('aria-busy', 'true');
  try {
    await work();
    return true;
  } catch (error) {
    tellError(error);
    return false;
  } finally {
    control.removeAttribute('aria-busy');
  }
}
