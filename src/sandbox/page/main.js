import { AccountChoice } from './accounts.js';
import { api } from './api.js';
import { ClockControl } from './clock.js';
import { Composer } from './composer.js';
import { ConnectionState } from './connection.js';
import { ConversationView } from './conversation.js';
import { ConversationList } from './conversation-list.js';
import { byId } from './dom.js';
import { FaultControl } from './faults.js';
import { Layout } from './layout.js';
import { Live } from './live.js';
import { tellError } from './notices.js';
import { PeopleStrip } from './people-strip.js';
import { RechargeControl } from './recharge.js';
import { SmsControl } from './sms.js';
import { State } from './state.js';
import { storyControls } from './story-controls.js';
import { applyTexts, currentLanguage, setLanguage } from './texts.js';
import { Tour } from './tour.js';
import { TourView } from './tour-view.js';
import { World } from './world.js';
import { WorldView } from './world-view.js';

applyTexts();
byId('language').addEventListener('click', () => setLanguage(currentLanguage() === 'en' ? 'zh-CN' : 'en'));

const state = new State();
const live = new Live();
const layout = new Layout();
const clock = new ClockControl();
const connection = new ConnectionState();
const faults = new FaultControl();
const accounts = new AccountChoice(() => worldView.show());
const world = new World(tellError);
const worldView = new WorldView(world, () => accounts.id());
const sms = new SmsControl(() => accounts.id());
const recharge = new RechargeControl(() => accounts.id());
const conversationView = new ConversationView(state, say);
const composer = new Composer(state, say);
new PeopleStrip(state);
new ConversationList(state, openConversation, () => clock.now());
const tour = new Tour(state, storyControls({ state, sms, recharge, clock, conversationView, layout, say }));
const tourView = new TourView(
  tour,
  () => worldView.account,
  (seen) => conversationView.reveal(seen),
);
sms.onProgress = (progress) => {
  tourView.setProgress(progress);
  world.changed();
};
world.addEventListener('change', () => tourView.show());

/** Says something as the chosen person in the open conversation. */
async function say(words) {
  const { current } = state;
  state.putMessage(current.id, await api.say(current.id, state.personIn(current).userId, words));
}

function openConversation(id) {
  state.open(id);
  layout.show('chat');
  // With a finger, the focus would bring up the keyboard over what is to be read.
  if (window.matchMedia('(pointer: fine)').matches) composer.focus();
}

async function fetchMessages(conversation) {
  const person = state.personIn(conversation);
  const { arrivals } = state;
  const messages = await api.messages(conversation.id, person.userId);
  // Whoever was chosen meanwhile has their own fetch under way.
  if (state.personIn(conversation) === person) state.setMessages(conversation.id, messages, arrivals);
}

/** The feed tells what everybody sees. A card may look different to the chosen person, so theirs is fetched. */
async function takeMessage(message) {
  const conversation = state.conversation(message.conversationId);
  if (!conversation) return;
  const known = state.message(conversation.id, message.id);
  if (message.kind === 'card' && known?.revision === message.revision) {
    // Only who has read it has changed, and that is the same for everybody.
    state.putMessage(conversation.id, { ...known, readBy: message.readBy });
    return;
  }
  if (message.kind !== 'card') {
    state.putMessage(conversation.id, message);
    return;
  }
  const person = state.personIn(conversation);
  const since = await api.messages(conversation.id, person.userId, message.seq - 1);
  const seen = since.find(({ id }) => id === message.id);
  if (seen && state.personIn(conversation) === person) state.putMessage(conversation.id, seen);
}

/** Fetches everything; what happened while the page was not connected is among it. */
async function fetchAll() {
  state.setConversations(await api.conversations());
  await Promise.all([
    ...state.conversations.map(fetchMessages),
    clock.refresh(),
    connection.refresh(),
    accounts.refresh(),
    faults.refresh(),
  ]);
  await world.refresh();
}

state.addEventListener('person', () => {
  Promise.all(state.conversationsOf(state.person).map(fetchMessages)).catch(tellError);
});
state.addEventListener('read', ({ detail: { conversation, person, seq } }) => {
  api.read(conversation.id, person.userId, seq).catch(tellError);
});
live.addEventListener('open', () => {
  connection.setLive(true);
  fetchAll().catch(tellError);
});
live.addEventListener('lost', () => connection.setLive(false));
live.addEventListener('message', ({ detail }) => takeMessage(detail).catch(tellError));
live.addEventListener('clock', ({ detail }) => clock.set(detail.now));
live.addEventListener('connection', ({ detail }) => connection.setConnections(detail.connections));
live.addEventListener('faults', ({ detail }) => faults.set(detail.faults));
for (const type of ['message', 'clock', 'connection']) live.addEventListener(type, () => world.changed());
live.start();
