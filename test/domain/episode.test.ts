import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { QUOTA_LEVEL } from '../../src/domain/alert.ts';
import { dueSteps, type Episode, type EpisodeStep, type EscalationRule, nextStepAt } from '../../src/domain/episode.ts';
import { NOW } from '../support/builders.ts';

const RULE: EscalationRule = { afterMinutes: 30, hasSecondContact: true };
const ALONE: EscalationRule = { ...RULE, hasSecondContact: false };

function episode(overrides: Partial<Episode> = {}): Episode {
  return {
    id: 'a',
    kind: 'quota',
    subject: '',
    level: QUOTA_LEVEL.exhausted,
    openedAt: NOW,
    levelSince: NOW,
    code: 'K7M',
    toldAt: NOW,
    awaitedSince: NOW,
    acknowledged: null,
    snoozed: null,
    repeats: 0,
    secondContact: null,
    operatorAt: null,
    ...overrides,
  };
}

function typesAt(of: Episode, duration: Temporal.DurationLike, rule = RULE): string[] {
  return dueSteps(of, rule, NOW.add(duration)).map(({ type }) => type);
}

/** What a step leaves behind, as the store keeps it. */
function taken(of: Episode, step: EpisodeStep, now: Temporal.Instant): Episode {
  if (step.type === 'second_contact') return { ...of, secondContact: { name: '李娜', at: now } };
  if (step.type === 'operator') return { ...of, operatorAt: now };
  if (of.toldAt === null) return { ...of, toldAt: now, awaitedSince: now };
  return { ...of, repeats: step.repeats, snoozed: null, ...(of.snoozed ? { awaitedSince: now } : {}) };
}

/** Looks every so many minutes for some days; what was done, and how long after the beginning. */
function simulate(start: Episode, options: { days: number; everyMinutes: number; rule?: EscalationRule }): string[] {
  const { days, everyMinutes, rule = RULE } = options;
  const done: string[] = [];
  let current = start;
  for (let minutes = 0; minutes <= days * 24 * 60; minutes += everyMinutes) {
    const now = NOW.add({ minutes });
    for (const step of dueSteps(current, rule, now)) {
      current = taken(current, step, now);
      done.push(`${step.type} ${minutes % 1440 === 0 ? `${minutes / 1440}d` : `${minutes}m`}`);
    }
  }
  return done;
}

describe('a critical alert that nobody answers (rules 19 and 21)', () => {
  test('given five weeks, then it is escalated twice and repeated after 1, 3 and 7 days and every week, at exactly these moments', () => {
    expect(simulate(episode(), { days: 35, everyMinutes: 10 })).toEqual([
      'second_contact 30m',
      'operator 60m',
      'repeat 1d',
      'repeat 3d',
      'repeat 7d',
      'repeat 14d',
      'repeat 21d',
      'repeat 28d',
      'repeat 35d',
    ]);
  });

  test('given no second contact, then the operator is told at the same moment, and nobody before', () => {
    expect(simulate(episode(), { days: 2, everyMinutes: 10, rule: ALONE })).toEqual(['operator 60m', 'repeat 1d']);
  });

  test('given nobody looked for ten days, then one repeat makes up for all, the escalation takes its time, and the weeks go on', () => {
    expect(typesAt(episode(), { hours: 240 })).toEqual(['repeat', 'second_contact']);
    const late = NOW.add({ hours: 240 });
    const after = dueSteps(episode(), RULE, late).reduce((of, step) => taken(of, step, late), episode());
    expect(after.repeats).toBe(3);
    expect(typesAt(after, { hours: 240, minutes: 29 })).toEqual([]);
    expect(typesAt(after, { hours: 240, minutes: 30 })).toEqual(['operator']);
    expect(nextStepAt({ ...after, operatorAt: late }, RULE)).toEqual(NOW.add({ hours: 14 * 24 }));
  });

  test('given one that was told before it could be answered, then it is told again at once, and counts from then', () => {
    const old = episode({ toldAt: null, awaitedSince: null, openedAt: NOW.subtract({ hours: 500 }) });
    expect(simulate(old, { days: 1, everyMinutes: 10 })).toEqual([
      'repeat 0d',
      'second_contact 30m',
      'operator 60m',
      'repeat 1d',
    ]);
  });
});

describe('an answer (rule 19)', () => {
  const by = { byName: '张伟', at: NOW };

  test('given somebody acknowledged it, then nothing is due any more', () => {
    expect(simulate(episode({ acknowledged: by }), { days: 30, everyMinutes: 60 })).toEqual([]);
    expect(nextStepAt(episode({ acknowledged: by }), RULE)).toBe(null);
  });

  test('given a level that is not critical, then nothing is due', () => {
    expect(simulate(episode({ level: QUOTA_LEVEL.low }), { days: 30, everyMinutes: 60 })).toEqual([]);
  });

  test('given it is snoozed for four hours, then it is told again after them, and the escalation counts from then', () => {
    const snoozed = episode({ snoozed: { ...by, until: NOW.add({ hours: 4 }) } });
    expect(simulate(snoozed, { days: 3, everyMinutes: 10 })).toEqual([
      'repeat 240m',
      'second_contact 270m',
      'operator 300m',
      'repeat 1d',
      'repeat 3d',
    ]);
  });

  test('given it is snoozed after the second contact was told, then the operator has to wait, too', () => {
    const snoozed = episode({
      secondContact: { name: '李娜', at: NOW.subtract({ minutes: 5 }) },
      snoozed: { ...by, until: NOW.add({ hours: 2 }) },
    });
    expect(simulate(snoozed, { days: 1, everyMinutes: 10 })).toEqual(['repeat 120m', 'operator 150m', 'repeat 1d']);
  });

  test('given it is snoozed over several repeats, then there is one at the end', () => {
    const snoozed = episode({ operatorAt: NOW, snoozed: { ...by, until: NOW.add({ hours: 7 * 24 }) } });
    expect(simulate(snoozed, { days: 20, everyMinutes: 60 })).toEqual(['repeat 7d', 'repeat 14d']);
  });
});

test('given any pace of looking, then each step is taken once, none early, and the next look is when the next step is due', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 4_000 }), { minLength: 1, maxLength: 60 }),
      fc.integer({ min: 1, max: 10_080 }),
      fc.boolean(),
      (pauses, afterMinutes, hasSecondContact) => {
        const rule = { afterMinutes, hasSecondContact };
        let current = episode();
        let now = NOW;
        const counts = { repeat: 0, second_contact: 0, operator: 0 };
        for (const pause of pauses) {
          const due = nextStepAt(current, rule);
          now = now.add({ minutes: pause });
          const steps = dueSteps(current, rule, now);
          expect(steps.length > 0).toBe(due !== null && Temporal.Instant.compare(due, now) <= 0);
          for (const step of steps) {
            counts[step.type] += 1;
            current = taken(current, step, now);
          }
          expect(dueSteps(current, rule, now).filter(({ type }) => type === 'repeat')).toEqual([]);
        }
        expect(counts.second_contact).toBeLessThanOrEqual(hasSecondContact ? 1 : 0);
        expect(counts.operator).toBeLessThanOrEqual(1);
        const weeks = Math.floor(NOW.until(now).total('hours') / (7 * 24));
        expect(counts.repeat).toBeLessThanOrEqual(weeks + 2);
      },
    ),
  );
});
