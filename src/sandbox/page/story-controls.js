import { ApiError } from './api.js';
import { currentLanguage, text } from './texts.js';

const placeKey = 'sandbox.tour.group';
const commands = { quota: { 'zh-CN': '余量', en: 'quota' } };

/** What the tour does, all of it through the controls that a person has; see `Tour`. */
export function storyControls({ state, sms, recharge, clock, conversationView, layout, say }) {
  const group = () => state.conversation(localStorage.getItem(placeKey));
  const choose = () => {
    const fitting = ({ type, members }) => type === 'group' && members.some(({ role }) => role === 'admin');
    const chosen = [state.current, ...state.conversations].find(
      (conversation) => conversation && fitting(conversation),
    );
    localStorage.setItem(placeKey, chosen?.id ?? '');
  };
  const become = (role) => {
    const person = group()?.members.find((member) => member.role === role);
    if (person) state.become(person.userId);
  };
  return {
    /** Opens the story's group: the open one if it has an administrator, else the first that has; later on the same again. */
    begin({ anew }) {
      if (anew || !group()) choose();
      const conversation = group();
      if (!conversation) return;
      state.open(conversation.id);
      become('admin');
      layout.show('chat');
    },
    messages() {
      const conversation = group();
      return conversation ? state.messagesOf(conversation) : [];
    },
    send: (order) => sms.send(order),
    stopSending: () => sms.stop(),
    dayLater: () => clock.advance({ by: 'P1D' }),
    async ask(command) {
      become('member');
      try {
        await say(commands[command][currentLanguage()]);
      } finally {
        become('admin');
      }
    },
    /** Presses a button of the bot's newest message with such a title, if it is newer than `after`. */
    async press(title, label, after) {
      const message = this.messages().findLast(
        (one) => one.seq > after && one.from === 'bot' && title.test(one.title ?? ''),
      );
      const button = message && conversationView.buttonOf(message, label);
      if (!button) throw new ApiError('no_button', text('tourNoButton'));
      button.click();
    },
    recharge: (amount) => recharge.pay(amount),
    reveal: (message) => conversationView.reveal(message),
  };
}
