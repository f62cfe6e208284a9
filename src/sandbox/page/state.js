/**
 * What the page knows: people, conversations, their messages, who one is, what was read. It tells by events what changed:
 * `conversations`, `current`, `person`, `message` (detail: conversationId, message, isNew), `messages` (detail: conversationId), and
 * `read` (detail: conversation, person, seq).
 */
export class State extends EventTarget {
  #conversations = [];
  /** By conversation, then by message id: the message, and the number of its arrival over the change feed (0: it was fetched). */
  #messages = new Map();
  #arrivals = 0;
  #personId = sessionStorage.getItem('sandbox.person');
  /** The newest `seq` that the page has told to be read, by conversation and person. */
  #read = new Map();
  #currentId = null;

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

  /** Shows a conversation; who is not in it becomes somebody who is. */
  open(id) {
    if (id === this.#currentId) return;
    this.#currentId = id;
    sessionStorage.setItem('sandbox.conversation', id);
    const person = this.personIn(this.current);
    if (this.person !== undefined && person !== undefined && person.userId !== this.person.userId)
      this.become(person.userId);
    this.#tell('current');
  }

  /** Everybody, in the order of the conversations: `{userId, name, role}`; an administrator somewhere counts as one. */
  get people() {
    const people = new Map();
    for (const member of this.#conversations.flatMap(({ members }) => members)) {
      const known = people.get(member.userId);
      if (known === undefined || member.role === 'admin') people.set(member.userId, member);
    }
    return [...people.values()];
  }

  /** Who one is at the page: whoever was chosen last, else an administrator. */
  get person() {
    const { people } = this;
    const chosen = people.find(({ userId }) => userId === this.#personId);
    return chosen ?? people.find(({ role }) => role === 'admin') ?? people[0];
  }

  /** Who one is in a conversation: the chosen person, or somebody of it in their place. */
  personIn(conversation) {
    const { members } = conversation;
    const chosen = members.find(({ userId }) => userId === this.person?.userId);
    return chosen ?? members.find(({ role }) => role === 'admin') ?? members[0];
  }

  /** The conversations of a person, as their list shows them. */
  conversationsOf(person) {
    return this.#conversations.filter(({ members }) => members.some(({ userId }) => userId === person?.userId));
  }

  /** Chooses who one is, and opens one of their conversations if the open one is not theirs. */
  become(userId) {
    if (userId === this.person?.userId) return;
    this.#personId = userId;
    sessionStorage.setItem('sandbox.person', userId);
    this.#tell('person');
    const theirs = this.conversationsOf(this.person);
    if (theirs.length > 0 && !theirs.includes(this.current)) this.open(theirs[0].id);
  }

  /** The messages that a person (the chosen one, unless another is named) may see, oldest first. */
  messagesOf(conversation, person = this.personIn(conversation)) {
    const all = [...(this.#messages.get(conversation.id)?.values() ?? [])].map(({ message }) => message);
    // What was recalled is gone without a trace, as on the platform.
    return all.filter(
      ({ visibleTo, recalled }) => !recalled && (visibleTo === null || visibleTo.includes(person?.userId)),
    );
  }

  /** A message as it is known, or undefined. */
  message(conversationId, id) {
    return this.#messages.get(conversationId)?.get(id)?.message;
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
      else if (fetched) known.set(id, { message: withReaders(fetched, late.message), arrival: 0 });
    }
    this.#messages.set(conversationId, known);
    this.#tell('messages', { conversationId });
  }

  /** Adds a message, or puts its newer version in its place; an older version than the known one changes nothing. */
  putMessage(conversationId, message) {
    const known = this.#messages.get(conversationId) ?? new Map();
    const before = known.get(message.id)?.message;
    if (before !== undefined && before.revision > message.revision) return;
    this.#arrivals += 1;
    const newest = before === undefined ? message : withReaders(message, before);
    known.set(message.id, { message: newest, arrival: this.#arrivals });
    this.#messages.set(conversationId, known);
    this.#tell('message', { conversationId, message: newest, before, isNew: before === undefined });
  }

  /** What the bot calls itself, or undefined before it said anything. */
  get robotName() {
    for (const messages of this.#messages.values()) {
      for (const { message } of messages.values())
        if (message.from === 'bot' && message.fromName) return message.fromName;
    }
    return undefined;
  }

  /** How many messages of others a person has not seen: the chosen one, unless another is named. */
  unreadIn(conversation, person = this.personIn(conversation)) {
    if (person === undefined) return 0;
    const readUpTo = this.#read.get(readKey(conversation, person)) ?? 0;
    return this.messagesOf(conversation, person).filter(
      ({ seq, from, readBy }) => seq > readUpTo && from !== person.userId && !readBy?.includes(person.userId),
    ).length;
  }

  /** The chosen person has seen what there is in a conversation. */
  markRead(conversation) {
    const person = this.personIn(conversation);
    if (this.unreadIn(conversation, person) === 0) return;
    const seq = Math.max(...this.messagesOf(conversation, person).map((message) => message.seq));
    this.#read.set(readKey(conversation, person), seq);
    this.#tell('read', { conversation, person, seq });
  }

  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

function readKey(conversation, person) {
  return `${conversation.id} ${person.userId}`;
}

/** The message with everybody who is known to have read it: nobody unreads. */
function withReaders(message, other) {
  return { ...message, readBy: [...new Set([...(message.readBy ?? []), ...(other.readBy ?? [])])] };
}
