import alerts from './en/alerts.json' with { type: 'json' };
import approvals from './en/approvals.json' with { type: 'json' };
import autoRenewal from './en/auto-renewal.json' with { type: 'json' };
import bills from './en/bills.json' with { type: 'json' };
import common from './en/common.json' with { type: 'json' };
import digests from './en/digests.json' with { type: 'json' };
import episodes from './en/episodes.json' with { type: 'json' };
import groups from './en/groups.json' with { type: 'json' };
import help from './en/help.json' with { type: 'json' };
import history from './en/history.json' with { type: 'json' };
import limits from './en/limits.json' with { type: 'json' };
import offers from './en/offers.json' with { type: 'json' };
import operator from './en/operator.json' with { type: 'json' };
import purchases from './en/purchases.json' with { type: 'json' };
import questions from './en/questions.json' with { type: 'json' };
import receipts from './en/receipts.json' with { type: 'json' };
import settings from './en/settings.json' with { type: 'json' };
import spike from './en/spike.json' with { type: 'json' };
import usage from './en/usage.json' with { type: 'json' };

/** Every text in English, by topic in the files beside this one. */
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
