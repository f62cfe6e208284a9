import type { NamesIn } from './sentence.ts';

/**
 * Every code of a rule's, an input's or the command line's refusal, with its sentence in Chinese; the English one stands where it is thrown.
 * What a sentence names in braces must be among the details of the error, and a code that is not here does not compile.
 */
export const CHINESE = {
  // accounts and keys
  account_unknown: '没有账户“{account}”。用 npm run cli -- account list 查看已有账户。',
  account_missing: '还没有账户。先用 npm run cli -- account create NAME 开一个。',
  account_ambiguous: '有多个账户符合，请用账户 ID 指明一个：{accounts}。',
  account_name_taken: '账户 {account} 已经叫“{name}”了，请换一个名称。',
  time_zone_unknown: '没有时区“{timeZone}”。请写成 Asia/Shanghai 这样的形式。',
  key_label_unknown: '这个账户没有标签为“{label}”的密钥。用 account show 查看它的密钥。',

  // money and ledger
  money_malformed: '“{text}”不是金额。请写成 500 或 500.00 这样的形式。',
  amount_not_positive: '金额必须大于零。',
  withdrawal_too_large: '余额 {balance}，不足 {amount}。请减少金额，或加上 --overdraw：不足的部分记为欠款。',
  balance_out_of_range:
    '记账后余额将为 {balance}；余额和欠款最多 1,000,000,000,000。请检查金额；之前充错的可用 npm run cli -- withdraw 扣回。',
  credit_limit_out_of_range: '信用额度须在 0 到 1,000,000,000,000 之间。请换一个额度。',
  ledger_conflict: '“{key}”已经以别的内容入账。新的一笔请换一个新的键。',
  book_unknown: '没有账簿“{book}”。这个账户有：{books}。',
  bill_unknown: '没有 {month} 的账单；这个账户的账单从 {first} 开始，未来的月份还没有账单。',
  bill_open: '{month} 的账单要到 {time}（{timeZone}）才出账；在此之前可用 npm run cli -- bill show 查看估算。',
  period_malformed: '期间在 {to} 结束，却从 {from} 开始。请把两个日期对调。',

  // tariffs, offers and plans
  tariff_unknown: '没有资费“{tariff}”。用 npm run cli -- tariff list 查看，用 tariff import FILE 导入。',
  tariff_missing: '还没有资费。先用 npm run cli -- tariff import FILE 导入一份。',
  tariff_ambiguous: '有多份资费，请用 --tariff 指明一份：{tariffs}。',
  tariff_conflict: '{path} 与已有的资费不符，没有导入任何内容：\n  {problems}',
  offer_unknown: '没有套餐“{offer}”。用 npm run cli -- offer list 查看可买的套餐。',
  offer_not_sold: '套餐“{offer}”现在不出售。请换一个套餐；用 npm run cli -- offer list 查看在售的套餐和开售时间。',
  offer_conflict: '{path} 与已有的套餐不符，没有导入任何内容：\n  {problems}',
  offer_currency: '套餐“{offer}”以 {currency} 计价，而账户用 {accountCurrency} 记账。请换一个套餐。',
  plan_conflict: '“{key}”已经是另一个套餐的键。新的套餐请换一个新的键。',

  insufficient_balance: '余额不足：价格 {price}，可用 {available}，还差 {missing}（单位：百万分之一）。请先充值。',
  plan_unknown: '账户没有套餐“{plan}”。用 npm run cli -- plan list 查看它的套餐。',
  plan_used: '套餐“{plan}”的 {total} 条已用 {used} 条，不能退订；只有没用过的套餐可以退订。',
  plan_expired: '套餐“{plan}”已到期，不能退订。',
  offer_changed: '套餐“{offer}”或价格在报价之后变了，没有任何改变。请重新询价。',

  // jobs
  job_unknown: '没有任务“{job}”。任务有：{jobs}。',
  job_running: '任务 {job} 正在运行；用 npm run cli -- jobs list 查看从何时开始。',
  job_of_service: '任务 {job} 要与外部通信，只能由服务本身运行；服务运行时会自行完成。',

  // auto-renewal
  threshold_out_of_range: '阈值须在 0 到 {max} 条之间。',
  guard_out_of_range:
    '每天和每月的购买次数须在 1 到 1,000,000 之间，金额须在 0 到 1,000,000,000,000 之间。要停止自动续费，请把它关闭。',
  offer_missing: '自动续费需要先选定要购买的套餐。',
  offer_too_small: '套餐“{offer}”只有 {segments} 条，无法让余量高于阈值 {threshold} 条。请换更大的套餐，或调低阈值。',

  // asking and approving
  buys_at_once: '开启自动续费会立即购买套餐“{offer}”，而申请时不是这样。请重新申请。',
  not_administrator: '只有管理员可以这样做。',
  identity_unknown: '无法确认您是本组织的成员，因此不能这样做。',
  already_so: '已经是这样了，没有任何改变。',
  own_request: '本账户要求双人确认，不能批准自己的申请 {code}。请另一位管理员决定。',
  nobody_else: '本账户要求双人确认，而管理员只有一位，没有别人可以批准。请先添加一位管理员。',
  already_requested: '同样的请求已在等待管理员处理，审批码为 {code}。',

  // limits and pausing
  limit_out_of_range:
    '上限必须大于零，短信最多 1,000,000,000,000,000 条，金额最多 1,000,000,000。要停止发送请用“暂停”，要取消上限请关闭它。',
  limit_warning_above_stop: '预警值必须低于停发值。',
  limit_unchanged: '上限本来就是这样设置的，没有任何改变。',
  webhook_url_invalid: 'webhook 地址必须是 https，且不带用户名、密码和片段；本机可以用 http。',
  webhook_known: '这个地址已经订阅了。用 npm run cli -- webhook list 查看；要换密钥请先移除。',
  webhook_unknown: '这个账户没有这个 webhook。用 npm run cli -- webhook list 查看已有的。',
  cap_still_reached: '本期用量仍达到上限，不能恢复。请先把上限调到用量之上。',

  // settings and groups
  setting_unchanged: '本来就是这样设置的，没有任何改变。',
  setting_moved: '设置刚被别人改过，所以没有执行。请看一下现在的设置，再重新提出。',
  alert_share_out_of_range: '第二档告警须在阈值的 1% 到 99% 之间，或者关闭。',
  balance_alert_out_of_range: '余额告警的金额要大于 0，最多 1,000,000,000,000，或者关闭。',
  quiet_hours_invalid: '免打扰的开始和结束时间不能相同，请写成 22:00-08:00 这样的形式。',
  time_of_day_invalid: '时间请写成 09:00 这样的形式。',
  spike_factor_out_of_range: '突增倍数须在 2 到 100 之间。',
  snooze_out_of_range: '静音最短 1 分钟，最长 7 天，没有任何改动。',
  escalation_out_of_range: '升级前的等待时间须在 1 分钟到 7 天之间。',
  group_gone: '这个群已经不属于这个账户，没有任何改变。',
  last_administrator: '这是群里最后一位管理员，不能移除。请先添加另一位，或者解绑这个群。',
  already_administrator: '{name} 已经是这个群的管理员。',
  administrator_unknown: '{name} 不是这个群的管理员。',
  too_few_administrators: '双人确认至少需要两位管理员。请先添加另一位。',
  second_person_needed: '账户要求双人确认，不能只剩一位管理员。请先添加另一位，或先关闭双人确认。',
  time_zone_in_use: '账户已经有用量或账目，时区不能再改：各月的边界和账单都由它决定。',
  account_change_missing: '没有指明要改什么。请至少给出一个选项，例如 --credit-limit 1000。',

  // files and the command line
  file_unreadable: '无法读取 {path}（{reason}）。请给出一个您有权读取的文件。',
  file_unwritable: '无法写入 {path}（{reason}）。请给出一个已有文件夹里您有权写入的文件。',
  file_invalid: '文件无法使用，没有导入任何内容。请改正后重试：\n  {problems}',
  migrations_pending: '数据库还缺少 {migrations}。请先运行 npm run cli -- migrate，或启动服务（它会自动迁移）。',
  notice_unknown: '没有通知“{notice}”。用 npm run cli -- notices list 查看；已结束的通知保留 90 天。',
  notice_ambiguous: '有多条通知以“{notice}”开头，请多写几位 ID。',
  notice_not_dead: '通知 {notice} 的状态是 {state}，不是未送达。只有未送达的通知可以重发或放弃。',
  notices_unnamed: '请说明是哪些：通知的 ID、--account ACCOUNT（一个账户的全部未送达通知），或 --state dead（全部）。',
  cli_busy: '另一个命令仍在使用 {folder}。请等它结束后再试。',
} as const satisfies Readonly<Record<string, string>>;

/** Every code that a `RuleError` may have. */
export type ErrorCode = keyof typeof CHINESE;

export type ErrorDetails = Readonly<Record<string, string>>;

/** What makes an error: its code, its sentence in English, and the details that its Chinese sentence names, or more. */
export type ErrorArguments = { [Code in ErrorCode]: ArgumentsOf<Code, NamesIn<(typeof CHINESE)[Code]>> }[ErrorCode];

type ArgumentsOf<Code extends ErrorCode, Names extends string> = [Names] extends [never]
  ? [code: Code, message: string, details?: ErrorDetails]
  : [code: Code, message: string, details: ErrorDetails & Readonly<Record<Names, string>>];
