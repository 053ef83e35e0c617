// What became of a write: applied, something else, or why not, and whether the device may have it all the same.

import { For, type JSX, Show } from 'solid-js';
import type { PointInfo, Problem, Value, Written } from 'pointcast';
import { text } from '../text/language.js';
import { type Fate, fateOf } from './fate.js';
import { exactText, titleText } from './words.js';

/** How it is to look: by shape, colour and word. */
type Mark = 'good' | 'uncertain' | 'bad';
const SHAPES: Record<Mark, string> = { good: '✓', uncertain: '▲', bad: '■' };

/** `sent` is what was to be written. */
export function Outcome(props: { written: Written; sent: Exclude<Value, null>; info: PointInfo }): JSX.Element {
  return (
    <Show when={props.written.ok ? props.written : undefined} fallback={<Refused problem={problemOf(props.written)} />}>
      {(done) => <Done verdict={done().verdict} value={done().value} sent={props.sent} info={props.info} />}
    </Show>
  );
}

function problemOf(written: Written): Problem {
  return written.ok ? { title: '', status: 200, detail: '' } : written.problem;
}

interface DoneProps {
  readonly verdict: 'applied' | 'mismatch' | 'unverified';
  readonly value: Value | undefined;
  readonly sent: Exclude<Value, null>;
  readonly info: PointInfo;
}

function Done(props: DoneProps): JSX.Element {
  const words = () => text().write.verdict[props.verdict];
  const read = () => (props.value === undefined ? text().write.notReadBack : text().write.readBack(exactText(props.value, props.info)));
  return (
    <Told mark={props.verdict === 'applied' ? 'good' : 'uncertain'} title={words().title} kind={props.verdict}>
      <p>{words().text}</p>
      <Show when={props.verdict !== 'applied'}><p class="back">{text().write.written(exactText(props.sent, props.info))}</p></Show>
      <p class="back">{read()}</p>
    </Told>
  );
}

const MARKS: Record<Fate, Mark> = { never: 'bad', refused: 'bad', perhaps: 'uncertain' };

function Refused(props: { problem: Problem }): JSX.Element {
  const fate = () => fateOf(props.problem);
  return (
    <Told mark={MARKS[fate()]} title={titleText(props.problem)} kind={fate()}>
      <p class="fate">{text().write.fate[fate()]}</p>
      <p class="detail">{props.problem.detail}</p>
      <ul>
        <For each={props.problem.errors?.filter(({ detail }) => !props.problem.detail.includes(detail))}>
          {(error) => <li class="detail"><code>{error.field}</code> {error.detail}</li>}
        </For>
      </ul>
    </Told>
  );
}

function Told(props: { mark: Mark; title: string; kind: string; children: JSX.Element }): JSX.Element {
  return (
    <section class="outcome" data-look={props.mark} data-kind={props.kind}>
      <h3><span class="shape" aria-hidden="true">{SHAPES[props.mark]}</span> {props.title}</h3>
      {props.children}
    </section>
  );
}
