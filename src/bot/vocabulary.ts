import type { Language } from '../store/groups.ts';

export type CommandName =
  | 'help'
  | 'balance'
  | 'quota'
  | 'usage'
  | 'plans'
  | 'price'
  | 'buy'
  | 'bill'
  | 'auto-renew'
  | 'limits'
  | 'pause'
  | 'resume'
  | 'ack'
  | 'snooze'
  | 'settings'
  | 'group'
  | 'admins'
  | 'history'
  | 'bind'
  | 'unbind'
  | 'approve'
  | 'reject'
  | 'approvals';

/** The words for a command. The first is its name, which buttons and hints use; the others are understood too. */
type Words = readonly [string, ...string[]];

interface CommandWords extends Readonly<Record<Language, Words>> {
  /** Whether what follows the name means something to it. */
  readonly takesArgument: boolean;
  /** The sounds of its Chinese name, for who forgot to switch the keyboard. */
  readonly pinyin: string;
}

/**
 * All commands' words, in one place, because buttons, hints and the parser must agree on them. Written as `normalize` leaves them:
 * lower case, half width, simplified Chinese without spaces.
 */
export const VOCABULARY: Readonly<Record<CommandName, CommandWords>> = {
  help: {
    'zh-CN': ['帮助', '使用帮助', '使用说明', '怎么用', '菜单', '命令', '你好', '在吗'],
    en: ['help', 'menu', 'commands', 'hi', 'hello'],
    pinyin: 'bangzhu',
    takesArgument: false,
  },
  balance: {
    'zh-CN': ['余额', '查余额', '查询余额', '查看余额', '余额查询', '账户余额', '可用余额', '可用金额', '可用额度'],
    en: ['balance', 'bal', 'money', 'credit', 'account balance', 'show balance'],
    pinyin: 'yue',
    takesArgument: false,
  },
  quota: {
    'zh-CN': [
      '余量',
      '查余量',
      '查询余量',
      '查看余量',
      '余量查询',
      '剩余',
      '剩余量',
      '剩余条数',
      '套餐余量',
      '套餐余额',
    ],
    en: ['quota', 'quotas', 'remaining', 'left', 'show quota'],
    pinyin: 'yuliang',
    takesArgument: false,
  },
  usage: {
    'zh-CN': ['用量', '查用量', '查询用量', '查看用量', '用量查询', '用量统计', '使用量', '发送量', '消耗'],
    en: ['usage', 'used', 'consumption', 'statistics', 'stats', 'show usage'],
    pinyin: 'yongliang',
    takesArgument: true,
  },
  plans: {
    'zh-CN': ['套餐', '我的套餐', '查套餐', '查询套餐', '查看套餐', '套餐列表', '套餐包', '资源包'],
    en: ['plans', 'plan', 'my plans', 'show plans', 'packages', 'plan list'],
    pinyin: 'taocan',
    takesArgument: false,
  },
  price: {
    'zh-CN': [
      '价格',
      '价目',
      '价目表',
      '价格表',
      '查价格',
      '查询价格',
      '查看价格',
      '资费',
      '单价',
      '报价',
      '多少钱',
      '套餐价格',
    ],
    en: ['price', 'prices', 'pricing', 'price list', 'offers', 'cost', 'costs', 'rates', 'show prices'],
    pinyin: 'jiage',
    takesArgument: false,
  },
  buy: {
    'zh-CN': ['购买', '购买套餐', '买套餐', '选购', '选购套餐', '订购', '下单', '买'],
    en: ['buy', 'purchase', 'order', 'buy a plan', 'buy plan'],
    pinyin: 'goumai',
    takesArgument: true,
  },
  bill: {
    'zh-CN': ['账单', '月账单', '查账单', '查询账单', '查看账单', '账单查询', '对账单', '费用账单'],
    en: ['bill', 'bills', 'invoice', 'monthly bill', 'show bill', 'billing'],
    pinyin: 'zhangdan',
    takesArgument: true,
  },
  'auto-renew': {
    'zh-CN': ['自动续费', '自动续订', '自动续购', '续费'],
    en: ['auto-renew', 'auto renew', 'autorenew', 'auto-renewal', 'auto renewal', 'autorenewal', 'renewal', 'renew'],
    pinyin: 'zidongxufei',
    takesArgument: true,
  },
  limits: {
    'zh-CN': ['上限', '限额', '发送上限', '用量上限', '查看上限', '设置上限', '封顶'],
    en: ['limits', 'limit', 'caps', 'cap', 'show limits', 'set limit'],
    pinyin: 'shangxian',
    takesArgument: true,
  },
  pause: {
    'zh-CN': ['暂停', '暂停发送', '暂停短信', '停止发送', '停发', '停止发短信'],
    en: ['pause', 'pause sending', 'stop sending'],
    pinyin: 'zanting',
    takesArgument: false,
  },
  resume: {
    'zh-CN': ['恢复', '恢复发送', '恢复短信', '继续发送', '取消暂停', '解除暂停'],
    en: ['resume', 'resume sending', 'unpause', 'continue sending'],
    pinyin: 'huifu',
    takesArgument: false,
  },
  ack: {
    'zh-CN': ['知道了', '我知道了', '已知悉', '知悉', '收到', '收到了'],
    en: ['ack', 'acknowledge', 'acknowledged', 'got it', 'seen'],
    pinyin: 'zhidaole',
    takesArgument: true,
  },
  snooze: {
    'zh-CN': ['静音', '告警静音', '暂不提醒', '稍后提醒'],
    en: ['snooze', 'mute', 'remind me later'],
    pinyin: 'jingyin',
    takesArgument: true,
  },
  settings: {
    'zh-CN': ['设置', '设定', '查看设置', '修改设置', '配置'],
    en: ['settings', 'setting', 'set', 'configure', 'config'],
    pinyin: 'shezhi',
    takesArgument: true,
  },
  group: {
    'zh-CN': ['群', '本群', '群信息', '群设置', '群管理'],
    en: ['group', 'this group', 'group info', 'group settings'],
    pinyin: 'qun',
    takesArgument: false,
  },
  admins: {
    'zh-CN': ['管理员', '群管理员', '管理员列表', '查看管理员'],
    en: ['admins', 'admin', 'administrators', 'administrator'],
    pinyin: 'guanliyuan',
    takesArgument: true,
  },
  history: {
    'zh-CN': ['记录', '历史', '操作记录', '历史记录', '查看记录', '续费记录'],
    en: ['history', 'records', 'record', 'log', 'audit'],
    pinyin: 'jilu',
    takesArgument: true,
  },
  bind: {
    'zh-CN': ['绑定', '授权', '绑定码'],
    en: ['bind', 'authorize', 'authorise', 'link'],
    pinyin: 'bangding',
    takesArgument: true,
  },
  unbind: {
    'zh-CN': ['解绑', '解除绑定', '取消绑定', '取消授权'],
    en: ['unbind', 'unlink', 'deauthorize', 'deauthorise'],
    pinyin: 'jiebang',
    takesArgument: false,
  },
  approve: {
    'zh-CN': ['批准', '同意', '通过', '审批通过', '确认', '确定'],
    en: ['approve', 'accept', 'allow', 'confirm'],
    pinyin: 'pizhun',
    takesArgument: true,
  },
  reject: {
    'zh-CN': ['拒绝', '驳回', '不同意', '不批准', '审批拒绝', '取消'],
    en: ['reject', 'deny', 'decline', 'refuse', 'cancel'],
    pinyin: 'jujue',
    takesArgument: true,
  },
  approvals: {
    'zh-CN': ['审批', '待审批', '审批列表', '查看审批', '申请'],
    en: ['approvals', 'approval', 'pending', 'requests', 'show approvals'],
    pinyin: 'shenpi',
    takesArgument: false,
  },
};

export type SwitchState = 'on' | 'off';

/** What one says to switch something; the first word is the one that buttons say. */
export const SWITCH_WORDS: Readonly<Record<SwitchState, Readonly<Record<Language, Words>>>> = {
  on: { 'zh-CN': ['开', '开启', '打开', '启用', '开通', '恢复'], en: ['on', 'enable', 'enabled', 'start', 'yes'] },
  off: {
    'zh-CN': ['关', '关闭', '关掉', '停', '停用', '停止', '取消'],
    en: ['off', 'disable', 'disabled', 'stop', 'no'],
  },
};

/** Whole sentences that say command and argument the other way round: `关闭自动续费`, `turn off auto-renew`. */
export function switchSentences(): { words: string; state: SwitchState; language: Language }[] {
  const sentences: { words: string; state: SwitchState; language: Language }[] = [];
  for (const state of ['on', 'off'] as const) {
    for (const verb of SWITCH_WORDS[state]['zh-CN']) {
      for (const name of VOCABULARY['auto-renew']['zh-CN']) {
        sentences.push({ words: verb + name, state, language: 'zh-CN' });
      }
    }
    for (const verb of [...SWITCH_WORDS[state].en, `turn ${state}`, `switch ${state}`]) {
      for (const name of VOCABULARY['auto-renew'].en) {
        sentences.push({ words: `${verb} ${name}`, state, language: 'en' });
      }
    }
  }
  return sentences;
}

/** What a person types for a command, in a language. */
export function commandText(language: Language, name: CommandName, argument?: string): string {
  const [word] = VOCABULARY[name][language];
  return argument === undefined ? word : `${word} ${argument}`;
}

/** What a person types to switch auto-renewal. */
export function switchText(language: Language, state: SwitchState): string {
  return commandText(language, 'auto-renew', SWITCH_WORDS[state][language][0]);
}

/** The switch that an argument names; undefined when it names none. */
export function switchOf(argument: string): SwitchState | undefined {
  return (['on', 'off'] as const).find((state) =>
    Object.values(SWITCH_WORDS[state]).some((words) => words.includes(argument)),
  );
}
