import type { Announcement } from '../../domain/announcement.ts';
import { askButton, type Draft, pauseButton } from '../content.ts';
import { bullets } from '../markdown.ts';
import type { Writer } from '../writer.ts';

type Spike = Extract<Announcement, { kind: 'spending_spike' }>;

/** An hour that uses far more than is usual: what it used and cost so far, and the button that stops it. (rule 20) */
export function composeSpike(writer: Writer, spike: Spike): Draft {
  const segments = writer.segments(spike.segments);
  const from = writer.clock(spike.hour);
  const until = writer.clock(spike.hour.add({ hours: 1 }));
  return {
    title: writer.text(`spending_spike.${spike.destination}.title`, { from, until, segments }),
    paragraphs: [
      writer.text('spending_spike.body', { from, until }),
      bullets([
        spike.usual === 0n
          ? writer.text('spending_spike.this_hour_new', { segments })
          : writer.text('spending_spike.this_hour', { segments, times: writer.number(spike.segments / spike.usual) }),
        spike.usual === 0n
          ? writer.text('spending_spike.usual_none')
          : writer.text('spending_spike.usual', { segments: writer.segments(spike.usual) }),
        spike.covered === 0n
          ? undefined
          : writer.text('spending_spike.covered', { segments: writer.segments(spike.covered) }),
        spike.waiting ? writer.text('spending_spike.waiting', { segments: writer.segments(spike.waiting) }) : undefined,
        writer.text('spending_spike.cost', { amount: writer.money(spike.cost) }),
        writer.text('spending_spike.left', {
          quota: writer.segments(spike.quota),
          available: writer.money(spike.available),
        }),
      ]),
      writer.text('spending_spike.next'),
    ],
    buttons: [pauseButton(writer), askButton(writer, 'balance')],
  };
}
