import type { OperatorAlert } from '../../domain/operator-alert.ts';
import type { Language } from '../../store/groups.ts';
import type { NoticeContent } from '../../store/notices.ts';
import { contentOf, type Draft } from '../content.ts';
import { bullets, escapeMarkdown } from '../markdown.ts';
import { Writer } from '../writer.ts';

const TIME_ZONE = 'Asia/Shanghai';
const ERROR_LENGTH = 200;

/** Puts an alert to whoever runs the service into words: what is wrong, what it costs, what to do. */
export function composeOperatorAlert(alert: OperatorAlert, language: Language, at: Temporal.Instant): NoticeContent {
  const writer = new Writer({ language, currency: 'CNY', timeZone: TIME_ZONE });
  const { title, paragraphs } = draftOf(writer, alert);
  return contentOf(writer, 'group', {
    title,
    paragraphs: [...paragraphs, writer.text('operator.as_of', { time: writer.time(at) })],
  });
}

function draftOf(writer: Writer, alert: OperatorAlert): Draft {
  switch (alert.kind) {
    case 'usage_unpriced': {
      const account = writer.name(alert.accountName);
      const country = writer.name(`${nameOf(writer, alert.country)} (${alert.country})`);
      return {
        title: writer.text('operator.usage_unpriced.title', { account, country }),
        paragraphs: [
          writer.text('operator.usage_unpriced.body', {
            account,
            country,
            count: alert.records,
            records: writer.number(alert.records),
          }),
        ],
      };
    }
    case 'alert_unanswered': {
      const account = writer.name(alert.accountName);
      const name = writer.text(`alert_name.${alert.alert}`);
      const { secondContact } = alert;
      return {
        title: writer.text('operator.alert_unanswered.title', { account, alert: name }),
        paragraphs: [
          writer.text('operator.alert_unanswered.body', { account, alert: name, time: writer.time(alert.since) }),
          secondContact === null
            ? writer.text('operator.alert_unanswered.nobody')
            : secondContact === ''
              ? writer.text('operator.alert_unanswered.no_group')
              : writer.text('operator.alert_unanswered.second_contact', { name: writer.name(secondContact) }),
        ],
      };
    }
    case 'books_differ': {
      const account = writer.name(alert.accountName);
      return {
        title: writer.text('operator.books_differ.title', { account }),
        paragraphs: [
          writer.text('operator.books_differ.body', {
            account,
            count: alert.differences,
            differences: writer.number(alert.differences),
          }),
          bullets(alert.figures.map((figure) => escapeMarkdown(figure, 60))),
          writer.text('operator.books_differ.next'),
        ],
      };
    }
    case 'notices_stuck': {
      const count = { count: alert.count, notices: writer.number(alert.count) };
      return {
        title: writer.text('operator.notices_stuck.title', count),
        paragraphs: [
          writer.text('operator.notices_stuck.body', { error: escapeMarkdown(alert.lastError, ERROR_LENGTH) }),
          writer.text('operator.notices_stuck.next'),
        ],
      };
    }
    case 'notices_dead': {
      const count = { count: alert.count, notices: writer.number(alert.count) };
      return {
        title: writer.text('operator.notices_dead.title', count),
        paragraphs: [
          writer.text('operator.notices_dead.body', { error: escapeMarkdown(alert.lastError, ERROR_LENGTH) }),
          writer.text('operator.notices_dead.next'),
        ],
      };
    }
    case 'webhook_dead': {
      const account = writer.name(alert.accountName);
      const host = writer.title(alert.host);
      return {
        title: writer.text('operator.webhook_dead.title', { account, host }),
        paragraphs: [
          writer.text('operator.webhook_dead.body', {
            account,
            host,
            error: escapeMarkdown(alert.lastError, ERROR_LENGTH),
          }),
          writer.text('operator.webhook_dead.next'),
        ],
      };
    }
    case 'calls_running_out':
    case 'calls_used_up': {
      const state = alert.kind === 'calls_used_up' ? 'used_up' : 'running_out';
      const figures = { used: writer.number(alert.used), limit: writer.number(alert.limit) };
      return {
        title: writer.text(`operator.calls.${state}.title`, figures),
        paragraphs: [writer.text(`operator.calls.${state}.body`), writer.text('operator.calls.next')],
      };
    }
    case 'credentials_refused':
    case 'gateway_refused':
    case 'quota_exhausted':
      return {
        title: writer.text(`operator.stream.${alert.kind}.title`),
        paragraphs: [writer.text(`operator.stream.${alert.kind}.body`)],
      };
  }
}

function nameOf({ language }: Writer, country: string): string {
  return new Intl.DisplayNames(language, { type: 'region' }).of(country) ?? country;
}
