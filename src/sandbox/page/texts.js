/** The page's own labels in both languages. What people and the bot write is shown as it is. */

const chinese = {
  title: '短信管家 · 沙箱',
  brand: '短信管家',
  sandbox: '沙箱',
  skip: '跳到消息输入框',
  switchLanguage: 'English',
  switchLanguageLabel: 'Switch to English',
  conversations: '会话',
  groups: '群聊',
  directs: '与机器人单聊',
  directsHint: '只有本人和机器人能看到',
  guide: '一分钟上手',
  guideAsk: '点一下“余额”或“余量”，机器人马上回答。',
  guideSend: '在控制台发送几万条短信：套餐快用完时管理员会收到告警，自动续费买下一个套餐。',
  guideRequest: '换成普通成员，试着“自动续费 关”：管理员会收到审批卡片。',
  guideClock: '把时钟拨快 10 天，看看到期的事情怎样发生。',
  chat: '聊天',
  controls: '控制台',
  openControls: '打开控制台',
  closeControls: '关闭控制台',
  views: '视图',
  unread: '{count} 条未读',
  members: '{count} 人',
  messagesOf: '“{title}”的消息',
  noMessages: '还没有消息',
  noMessagesInGroup: '从一个问题开始，机器人会在这里回答。',
  noMessagesInDirect: '机器人发给 {name} 的通知会出现在这里。',
  tryThis: '试试',
  earlier: '查看更早的消息',
  newMessages: '有新消息',
  robot: '机器人',
  robotName: '短信管家',
  admin: '管理员',
  member: '成员',
  outsider: '外部人员',
  onlyVisibleTo: '仅 {names} 可见',
  undelivered: '未送达：没有机器人连接，请稍后再说一次',
  picture: '图片',
  callbackFailed: '机器人没有在 2 秒内确认这次点击，卡片保持原样。请再点一次，或用文字命令。',
  callbackProblem: '机器人回应了，但卡片没有改变：{problem}',
  typingAs: '发言身份',
  quickCommands: '快捷命令',
  commands: ['帮助', '余额', '余量', '自动续费'],
  messageLabel: '消息（回车发送，Shift+回车换行）',
  messageHint: '例如：余额',
  send: '发送',
  noRobot: '机器人还没有连接，现在发送的消息不会送达。',
  clock: '时钟',
  clockZone: '北京时间',
  clockHelp: '向前拨动，期间到期的任务会依次执行。',
  hour: '1 小时',
  day: '1 天',
  tenDays: '10 天',
  duration: '自定义时长（ISO 8601）',
  durationBad: '请用 ISO 8601 时长，例如 PT30M、P1DT2H 或 P1M。',
  advance: '前进',
  advancing: '正在前进…',
  advanced: '时间已前进到 {time}',
  sms: '发送短信',
  smsHelp: '像短信网关一样，把真实的回执发给用量接口。',
  account: '账户',
  destination: '目的地',
  mainland: '国内',
  international: '国际/港澳台',
  country: '国家或地区',
  templateType: '模板类型',
  verification: '验证码',
  notification: '通知',
  promotion: '推广',
  count: '条数',
  segments: '每条计费段数',
  sendCount: '发送 {count} 条',
  sent: '已发送 {count} 条短信',
  sending: '已发送 {done} / {count}',
  stop: '停止',
  stopped: '已停止，共发送 {done} / {count} 条',
  sendFailed: '在第 {done} 条之后停下了：{reason}',
  notTaken: '用量接口没有收下（HTTP {status}）：{reason}',
  countBad: '请输入 1 到 10,000,000 之间的整数。',
  segmentsBad: '请输入 1 到 20 之间的整数。',
  recharge: '充值',
  amount: '金额（元）',
  amountBad: '请输入大于 0、最多两位小数的金额，例如 500 或 99.50。',
  recharged: '已充值 ¥{amount}',
  live: '实时更新',
  reconnecting: '正在重新连接…',
  botOnline: '机器人在线（{count} 个连接）',
  botOffline: '机器人未连接',
  botOnlineShort: '机器人在线',
  botOfflineShort: '机器人离线',
  reconnectingShort: '重新连接中',
  dismiss: '关闭提示',
  unreachable: '连不上沙箱。请确认程序还在运行，页面会自动重试。',
  unexpected: '沙箱返回了意外的内容（HTTP {status}）。请看程序的日志。',
};

/** @type {typeof chinese} */
const english = {
  title: 'SMS Steward · Sandbox',
  brand: 'SMS Steward',
  sandbox: 'Sandbox',
  skip: 'Skip to the message box',
  switchLanguage: '中文',
  switchLanguageLabel: '切换到中文',
  conversations: 'Conversations',
  groups: 'Groups',
  directs: 'Direct with the bot',
  directsHint: 'Seen by that person and the bot only',
  guide: 'One minute to try',
  guideAsk: 'Press “balance” or “quota”; the bot answers at once.',
  guideSend:
    'Send some ten thousand SMS in the controls: when the plan runs low the administrator is alerted, and auto-renewal buys the next one.',
  guideRequest: 'Switch to a plain member and try “auto-renew off”: the administrator gets a card to approve.',
  guideClock: 'Move the clock by 10 days and see what falls due.',
  chat: 'Chat',
  controls: 'Controls',
  openControls: 'Open the controls',
  closeControls: 'Close the controls',
  views: 'Views',
  unread: '{count} unread',
  members: '{count} people',
  messagesOf: 'Messages of “{title}”',
  noMessages: 'No messages yet',
  noMessagesInGroup: 'Start with a question; the bot answers here.',
  noMessagesInDirect: 'What the bot tells {name} appears here.',
  tryThis: 'Try',
  earlier: 'Show earlier messages',
  newMessages: 'New messages',
  robot: 'Bot',
  robotName: '短信管家',
  admin: 'Admin',
  member: 'Member',
  outsider: 'External',
  onlyVisibleTo: 'Only {names} can see this',
  undelivered: 'Not delivered: no bot is connected. Say it again in a moment.',
  picture: 'Picture',
  callbackFailed:
    'The bot did not acknowledge this click within 2 seconds; the card stays as it is. Click again, or type the command.',
  callbackProblem: 'The bot answered, but the card was not changed: {problem}',
  typingAs: 'Typing as',
  quickCommands: 'Quick commands',
  commands: ['help', 'balance', 'quota', 'auto-renew'],
  messageLabel: 'Message (Enter sends, Shift+Enter starts a new line)',
  messageHint: 'Ask for example: balance',
  send: 'Send',
  noRobot: 'No bot is connected; what is said now will not be delivered.',
  clock: 'Clock',
  clockZone: 'Beijing time',
  clockHelp: 'Moves forward only; whatever falls due on the way is done.',
  hour: '1 hour',
  day: '1 day',
  tenDays: '10 days',
  duration: 'Any duration (ISO 8601)',
  durationBad: 'Use an ISO 8601 duration such as PT30M, P1DT2H or P1M.',
  advance: 'Advance',
  advancing: 'Advancing…',
  advanced: 'It is now {time}',
  sms: 'Send SMS',
  smsHelp: 'Posts real receipts to the usage intake, as an SMS gateway does.',
  account: 'Account',
  destination: 'Destination',
  mainland: 'Mainland',
  international: 'International',
  country: 'Country or region',
  templateType: 'Template type',
  verification: 'Code',
  notification: 'Notice',
  promotion: 'Promo',
  count: 'Messages',
  segments: 'Segments each',
  sendCount: 'Send {count}',
  sent: '{count} messages sent',
  sending: '{done} of {count} sent',
  stop: 'Stop',
  stopped: 'Stopped after {done} of {count}',
  sendFailed: 'Stopped after {done} messages: {reason}',
  notTaken: 'The usage intake did not take them (HTTP {status}): {reason}',
  countBad: 'Enter a whole number from 1 to 10,000,000.',
  segmentsBad: 'Enter a whole number from 1 to 20.',
  recharge: 'Recharge',
  amount: 'Amount (yuan)',
  amountBad: 'Enter an amount above 0 with at most two decimals, such as 500 or 99.50.',
  recharged: '¥{amount} recharged',
  live: 'Live',
  reconnecting: 'Reconnecting…',
  botOnline: 'Bot online (connections: {count})',
  botOffline: 'Bot not connected',
  botOnlineShort: 'Bot online',
  botOfflineShort: 'Bot offline',
  reconnectingShort: 'Reconnecting',
  dismiss: 'Dismiss',
  unreachable: 'The sandbox cannot be reached. Check that the program is running; the page keeps trying.',
  unexpected: 'The sandbox answered something unexpected (HTTP {status}). See the program’s log.',
};

const dictionaries = { 'zh-CN': chinese, en: english };
const storageKey = 'sandbox.language';
const listeners = new Set();

let language = initialLanguage();

function initialLanguage() {
  const remembered = localStorage.getItem(storageKey);
  if (remembered !== null && remembered in dictionaries) return remembered;
  return navigator.language.toLowerCase().startsWith('zh') ? 'zh-CN' : 'en';
}

/** The page's language: `zh-CN` or `en`. */
export function currentLanguage() {
  return language;
}

/** The label named `key`, with `{name}` places filled from `values`; numbers are grouped. */
export function text(key, values = {}) {
  const label = dictionaries[language][key];
  return label.replace(/\{(\w+)\}/g, (_place, name) => {
    const value = values[name];
    return typeof value === 'number' ? formatNumber(value) : String(value);
  });
}

/** The quick commands in the page's language. */
export function quickCommands() {
  return dictionaries[language].commands;
}

export function formatNumber(value) {
  return new Intl.NumberFormat(language).format(value);
}

/** The name of a country or region by its two-letter code, in the page's language. */
export function countryName(code) {
  return new Intl.DisplayNames([language], { type: 'region', style: 'short' }).of(code) ?? code;
}

/** Changes the page's language, remembers it, and tells those who called `onLanguageChange`. */
export function setLanguage(next) {
  language = next;
  localStorage.setItem(storageKey, next);
  applyTexts();
  for (const listener of listeners) listener();
}

export function onLanguageChange(listener) {
  listeners.add(listener);
}

/** Fills the elements that name their label: `data-text` (content), `data-label` (aria-label), `data-hint` (placeholder). */
export function applyTexts(root = document) {
  document.documentElement.lang = language;
  document.title = text('title');
  for (const element of root.querySelectorAll('[data-text]')) element.textContent = text(element.dataset.text);
  for (const element of root.querySelectorAll('[data-label]')) {
    element.setAttribute('aria-label', text(element.dataset.label));
    if (element.matches('button')) element.title = text(element.dataset.label);
  }
  for (const element of root.querySelectorAll('[data-hint]')) element.placeholder = text(element.dataset.hint);
}
