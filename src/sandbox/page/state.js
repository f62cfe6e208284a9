/**
 * What the page knows: conversations, their messages, who one is in each of them, what was read. It tells by events what changed:
 * `conversations`, `current`, `person`, `message` (detail: conversationId, message), `messages` (detail: conversationId), `read`.
 */
export class State extends EventTarget {
  #conversations = [];
  /** By conversation, then by message id: the message, and the number of its arrival over the change feed (0: it was fetched). */
  #messages = new Map();
  #arrivals = 0;
  #personIn = new Map();
  #read;
  #currentId = null;

  constructor() {
    super();
    this.#read = new Map(Object.entries(remembered('sandbox.read', {})));
  }

  get conversations() {
    return this.#conversations;
  }

  /** The open conversation, or undefined before the first load. */
  get current() {
    return this.conversation(this.#currentId);
  }

  conversation(id) {
    return this.#conversations.find((conversation) => conversation.id === id);
  }

  setConversations(conversations) {
    this.#conversations = conversations;
    if (this.current === undefined) {
      const last = sessionStorage.getItem('sandbox.conversation');
      const first = conversations.find(({ id }) => id === last) ?? conversations[0];
      if (first) this.open(first.id);
    }
    this.#tell('conversations');
  }

  open(id) {
    if (id === this.#currentId) return;
    this.#currentId = id;
    sessionStorage.setItem('sandbox.conversation', id);
    this.#tell('current');
  }

  /** Who the person at the page is in a conversation: the one chosen there, else its administrator, else its first member. */
  personIn(conversation) {
    const { members } = conversation;
    const chosen = members.find(({ userId }) => userId === this.#personIn.get(conversation.id));
    return chosen ?? members.find(({ role }) => role === 'admin') ?? members[0];
  }

  become(conversationId, userId) {
    this.#personIn.set(conversationId, userId);
    this.#tell('person', { conversationId });
  }

  /** The messages that the chosen person may see, oldest first. */
  messagesOf(conversation) {
    const person = this.personIn(conversation);
    const all = [...(this.#messages.get(conversation.id)?.values() ?? [])].map(({ message }) => message);
    return all.filter(({ visibleTo }) => visibleTo === null || visibleTo.includes(person?.userId));
  }

  /** How many messages have arrived over the change feed so far. */
  get arrivals() {
    return this.#arrivals;
  }

  /** Takes fetched messages as the conversation's, and keeps what has arrived since `arrivals` was read before they were asked for. */
  setMessages(conversationId, messages, arrivals) {
    const known = new Map(messages.map((message) => [message.id, { message, arrival: 0 }]));
    for (const [id, late] of this.#messages.get(conversationId) ?? []) {
      const fetched = known.get(id)?.message;
      if (late.arrival > arrivals && !(fetched?.revision >= late.message.revision)) known.set(id, late);
    }
    this.#messages.set(conversationId, known);
    // The sandbox was set up anew: what was read before was another history.
    const newest = messages.at(-1)?.seq ?? 0;
    if ((this.#read.get(conversationId) ?? 0) > newest) this.#read.set(conversationId, 0);
    this.#tell('messages', { conversationId });
  }

  /** Adds a message, or puts its newer version in its place; an older version than the known one changes nothing. */
  putMessage(conversationId, message) {
    const known = this.#messages.get(conversationId) ?? new Map();
    const before = known.get(message.id)?.message;
    if (before !== undefined && before.revision > message.revision) return;
    this.#arrivals += 1;
    known.set(message.id, { message, arrival: this.#arrivals });
    this.#messages.set(conversationId, known);
    this.#tell('message', { conversationId, message, isNew: before === undefined });
  }

  /** What the bot calls itself, or undefined before it said anything. */
  get robotName() {
    for (const messages of this.#messages.values()) {
      for (const { message } of messages.values())
        if (message.from === 'bot' && message.fromName) return message.fromName;
    }
    return undefined;
  }

  /** How many messages of others the chosen person has not seen. */
  unreadIn(conversation) {
    const person = this.personIn(conversation);
    const readUpTo = this.#read.get(conversation.id) ?? 0;
    return this.messagesOf(conversation).filter(({ seq, from }) => seq > readUpTo && from !== person?.userId).length;
  }

  markRead(conversation) {
    const newest = Math.max(0, ...this.messagesOf(conversation).map(({ seq }) => seq));
    if (newest === (this.#read.get(conversation.id) ?? 0)) return;
    this.#read.set(conversation.id, newest);
    localStorage.setItem('sandbox.read', JSON.stringify(Object.fromEntries(this.#read)));
    this.#tell('read');
  }

  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

function remembered(key, otherwise) {
  try {
    return JSON.parse(localStorage.getItem(key) ?? '') ?? otherwise;
  } catch {
    return otherwise;
  }
}
