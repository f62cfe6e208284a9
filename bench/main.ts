import { chatBench } from './chat.ts';
import { intakeBench } from './intake.ts';
import { meteringBench } from './metering.ts';
import { noticesBench } from './notices.ts';
import { reviewBench } from './review.ts';
import { sendingBench } from './sending.ts';

const BENCHES: Record<string, (flags: readonly string[]) => Promise<object>> = {
  metering: meteringBench,
  intake: intakeBench,
  notices: noticesBench,
  chat: chatBench,
  review: reviewBench,
  sending: sendingBench,
};

const [name = '', ...flags] = process.argv.slice(2);
const bench = BENCHES[name];
if (!bench) {
  console.error(`usage: npm run bench -- ${Object.keys(BENCHES).join('|')} [--json]`);
  process.exit(2);
}
const result = await bench(flags);
if (flags.includes('--json')) console.log(JSON.stringify({ bench: name, ...result }));
