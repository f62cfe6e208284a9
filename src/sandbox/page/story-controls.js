import { ApiError } from './api.js';
import { currentLanguage, text } from './texts.js';

const commands = { quota: { 'zh-CN': '余量', en: 'quota' } };

/** What the tour does, all of it through the controls that a person has; see `Tour`. */
export function storyControls({ state, sms, recharge, conversationView, layout, say }) {
  const hasAdministrator = ({ members }) => members.some(({ role }) => role === 'admin');
  const group = () =>
    [state.current, ...state.conversations].find(
      (conversation) => conversation?.type === 'group' && hasAdministrator(conversation),
    );
  const become = (role) => {
    const person = group()?.members.find((member) => member.role === role);
    if (person) state.become(person.userId);
  };
  return {
    begin() {
      const conversation = group();
      if (!conversation) return;
      state.open(conversation.id);
      become('admin');
      layout.show('chat');
    },
    send: (count, rate) => sms.send({ count, rate }),
    stopSending: () => sms.stop(),
    async ask(command) {
      become('member');
      try {
        await say(commands[command][currentLanguage()]);
      } finally {
        become('admin');
      }
    },
    /** Presses a button of the newest message of the bot with such a title. */
    async press(title, label) {
      const conversation = group();
      const message = state
        .messagesOf(conversation)
        .findLast((one) => one.from === 'bot' && title.test(one.title ?? ''));
      const button = message && conversationView.buttonOf(message, label);
      if (!button) throw new ApiError('no_button', text('tourNoButton'));
      button.click();
    },
    recharge: (amount) => recharge.pay(amount),
    reveal: (message) => conversationView.reveal(message),
  };
}
