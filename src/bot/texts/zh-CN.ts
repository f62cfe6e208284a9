import alerts from './zh-CN/alerts.json' with { type: 'json' };
import approvals from './zh-CN/approvals.json' with { type: 'json' };
import autoRenewal from './zh-CN/auto-renewal.json' with { type: 'json' };
import bills from './zh-CN/bills.json' with { type: 'json' };
import common from './zh-CN/common.json' with { type: 'json' };
import digests from './zh-CN/digests.json' with { type: 'json' };
import episodes from './zh-CN/episodes.json' with { type: 'json' };
import groups from './zh-CN/groups.json' with { type: 'json' };
import help from './zh-CN/help.json' with { type: 'json' };
import history from './zh-CN/history.json' with { type: 'json' };
import limits from './zh-CN/limits.json' with { type: 'json' };
import offers from './zh-CN/offers.json' with { type: 'json' };
import operator from './zh-CN/operator.json' with { type: 'json' };
import purchases from './zh-CN/purchases.json' with { type: 'json' };
import questions from './zh-CN/questions.json' with { type: 'json' };
import receipts from './zh-CN/receipts.json' with { type: 'json' };
import settings from './zh-CN/settings.json' with { type: 'json' };
import spike from './zh-CN/spike.json' with { type: 'json' };
import usage from './zh-CN/usage.json' with { type: 'json' };

/** Every text in Chinese, by topic in the files beside this one. */
export default {
  ...alerts,
  ...approvals,
  ...autoRenewal,
  ...bills,
  ...common,
  ...digests,
  ...episodes,
  ...groups,
  ...help,
  ...history,
  ...limits,
  ...offers,
  ...operator,
  ...purchases,
  ...questions,
  ...receipts,
  ...settings,
  ...spike,
  ...usage,
};
