import type { Language } from '../../../src/store/groups.ts';

/** One thing that somebody does in a script, and what stands there of what came of it. */
export interface Step {
  /** The line as it stands in the script, from 1. */
  readonly line: number;
  readonly text: string;
  readonly action: Action;
}

export type Action =
  | { readonly type: 'say'; readonly who: string; readonly where: string | null; readonly words: string }
  | { readonly type: 'click'; readonly who: string; readonly where: string | null; readonly label: string }
  | { readonly type: 'do'; readonly verb: string; readonly argument: string };

/** A conversation as a person reads it: comments, what it begins with, steps, and under each step the bot's answer, indented. */
export interface Script {
  readonly language: Language;
  /** What the world begins with, by name; see `stage.ts`. */
  readonly settings: Readonly<Record<string, string>>;
  readonly steps: readonly Step[];
  /** The lines that a run repeats as they are: comments, settings and steps, each with what follows it up to the next. */
  readonly lines: readonly ScriptLine[];
}

export type ScriptLine =
  | { readonly type: 'kept'; readonly text: string }
  | { readonly type: 'step'; readonly step: Step };

const SETTING = /^([a-z-]+): *(\S.*)$/;
const SAY = /^([^\s:：→=#][^:：→]*?)(?: @ ([^:：]+))?[:：] *(.*)$/u;
const CLICK = /^([^\s→]+(?: [^\s→@]+)?)(?: @ (.+?))? → \[(.+)\]$/u;
const DO = /^= (\S+) ?(.*)$/;

/** Reads a script. @throws Error that names the line which is none */
export function parseScript(text: string): Script {
  const settings: Record<string, string> = {};
  const steps: Step[] = [];
  const lines: ScriptLine[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    // What is indented, and the empty lines around it, is what the bot answered.
    if (line === '' || line.startsWith(' ')) continue;
    const setting = steps.length === 0 ? SETTING.exec(line) : null;
    if (line.startsWith('#') || setting) {
      if (setting) settings[setting[1] ?? ''] = setting[2] ?? '';
      lines.push({ type: 'kept', text: line });
      continue;
    }
    const action = actionOf(line);
    if (!action) throw new Error(`line ${index + 1} is no step, no setting and no comment: ${line}`);
    const step = { line: index + 1, text: line, action };
    steps.push(step);
    lines.push({ type: 'step', step });
  }
  return { language: settings.language === 'en' ? 'en' : 'zh-CN', settings, steps, lines };
}

function actionOf(line: string): Action | undefined {
  const deed = DO.exec(line);
  if (deed) return { type: 'do', verb: deed[1] ?? '', argument: deed[2] ?? '' };
  const click = CLICK.exec(line);
  if (click) return { type: 'click', who: click[1] ?? '', where: click[2] ?? null, label: click[3] ?? '' };
  const said = SAY.exec(line);
  return said ? { type: 'say', who: said[1] ?? '', where: said[2] ?? null, words: said[3] ?? '' } : undefined;
}

/** The script as it is after a run: the same lines, under each step what came of it. */
export function writeScript(script: Script, heard: ReadonlyMap<Step, readonly string[]>): string {
  const blocks: string[] = [];
  let kept: string[] = [];
  for (const line of script.lines) {
    if (line.type === 'kept') {
      kept.push(line.text);
      continue;
    }
    if (kept.length > 0) blocks.push(kept.join('\n'));
    kept = [];
    const answer = (heard.get(line.step) ?? []).map((text) => (text === '' ? '' : `    ${text}`));
    blocks.push([line.step.text, ...answer].join('\n'));
  }
  if (kept.length > 0) blocks.push(kept.join('\n'));
  return `${blocks.join('\n\n')}\n`;
}
