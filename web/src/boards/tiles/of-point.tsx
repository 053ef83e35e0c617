// Tiles of one point: number, gauge, bar and lamp.

import { type JSX, Show, createMemo } from 'solid-js';
import { useGateway } from '../../live/gateway.js';
import { leastOf, spark } from '../../points/spark.js';
import { numberText, valueText } from '../../text/format.js';
import { text } from '../../text/language.js';
import type { What } from '../document.js';
import { ARC, keyOf, litOf, metaOf, rangeOf, shareOf } from './picture.js';
import type { Reading } from './tile.js';

/** What a number tile's line shows. */
const SPARK_MS = 5 * 60_000;
const SPARK = { width: 160, height: 32 };

type Of<Kind extends What['kind']> = { what: Extract<What, { kind: Kind }>; reading: Reading };

/** A value and its unit, as large as there is room. */
function ValueText(props: { reading: Reading; decimals: number | undefined }): JSX.Element {
  const shown = () => valueText(props.reading.point()?.value, metaOf(props.reading.info(), props.decimals)).text;
  const unit = () => (props.reading.point()?.value == null ? undefined : props.reading.info()?.unit);
  return (
    <p class="value number" style={{ '--chars': shown().length + (unit()?.length ?? 0) * 0.5 + 1 }}>
      <span class="digits">{shown()}</span><Show when={unit()}>{(one) => <span class="unit"> {one()}</span>}</Show>
    </p>
  );
}

export function NumberTile(props: Of<'number'>): JSX.Element {
  return (
    <>
      <ValueText reading={props.reading} decimals={props.what.decimals} />
      <Show when={props.what.spark}><Spark id={props.what.point} least={leastOf(props.reading.info())} /></Show>
    </>
  );
}

/** The last minutes as a line, drawn anew each second. */
function Spark(props: { id: string; least: number }): JSX.Element {
  const { history, now } = useGateway();
  const line = createMemo(() => spark(history.track(props.id), { ...SPARK, from: now() - SPARK_MS, to: now(), least: props.least })?.path);
  return (
    <svg class="spark" viewBox={`0 0 ${SPARK.width} ${SPARK.height}`} preserveAspectRatio="none" aria-hidden="true">
      <path d={line() ?? ''} vector-effect="non-scaling-stroke" />
    </svg>
  );
}

/** Where the value lies, as hundredths of the arc or bar; null where that cannot be told. */
function hundredths({ what, reading }: Of<'gauge' | 'bar'>): number | null {
  const share = shareOf(reading.point()?.value, rangeOf(what, reading.info()), reading.info());
  return share === null ? null : share * 100;
}

/** Why a value has no place in a range; nothing while there is no value. */
function whyNoPlace({ what, reading }: Of<'gauge' | 'bar'>): string {
  const info = reading.info();
  if (info === undefined || reading.point()?.value == null) return '';
  const isNumber = info.type !== 'bool' && info.type !== 'string' && !info.labels;
  return !isNumber ? text().boards.tile.notNumber : rangeOf(what, info) ? '' : text().boards.tile.noRange;
}

export function Gauge(props: Of<'gauge' | 'bar'>): JSX.Element {
  const filled = () => hundredths(props);
  const shown = () => valueText(props.reading.point()?.value, metaOf(props.reading.info(), props.what.decimals)).text;
  const unit = () => (props.reading.point()?.value == null ? '' : (props.reading.info()?.unit ?? ''));
  const range = () => rangeOf(props.what, props.reading.info());
  return (
    <div class="gauge">
      <svg viewBox="4 4 92 80" aria-hidden="true">
        <path class="whole" d={ARC} />
        <Show when={filled() !== null}><path class="part" d={ARC} pathLength="100" stroke-dasharray={`${filled()} 200`} /></Show>
        <text class="digits" x="50" y="56" font-size={String(Math.min(18, 100 / Math.max(shown().length, 1)))}>{shown()}</text>
        <text class="unit" x="50" y="68" font-size="9">{unit()}</text>
        <Show when={range()}>
          {(ends) => <><text class="end" x="16" y="82" font-size="7.5">{numberText(ends()[0])}</text>
            <text class="end" x="84" y="82" font-size="7.5">{numberText(ends()[1])}</text></>}
        </Show>
      </svg>
      <p class="unseen">{shown()} {unit()}</p>
      <Show when={filled() === null}><p class="hint">{whyNoPlace(props)}</p></Show>
    </div>
  );
}

export function Bar(props: Of<'gauge' | 'bar'>): JSX.Element {
  const filled = () => hundredths(props);
  const range = () => rangeOf(props.what, props.reading.info());
  return (
    <>
      <ValueText reading={props.reading} decimals={props.what.decimals} />
      <Show when={filled() !== null && range()} fallback={<p class="hint">{whyNoPlace(props)}</p>}>
        {(ends) => (
          <div class="bar number">
            <span class="end">{numberText(ends()[0])}</span>
            <svg viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">
              <rect class="whole" width="100" height="6" />
              <rect class="part" width={filled() ?? 0} height="6" />
            </svg>
            <span class="end">{numberText(ends()[1])}</span>
          </div>
        )}
      </Show>
    </>
  );
}

const SHAPES = { on: '●', off: '○', warn: '▲', alarm: '■', plain: '●' };

export function Lamp(props: Of<'lamp'>): JSX.Element {
  const value = () => props.reading.point()?.value;
  const lit = () => litOf(props.what, value());
  const word = () => {
    const now = value();
    if (now === undefined || now === null) return valueText(now).text;
    const words = props.what.words ?? {};
    const key = keyOf(now);
    if (Object.hasOwn(words, key)) return words[key] ?? key;
    const states: Record<string, string> = text().state;
    if (props.what.point.startsWith('$devices/') && Object.hasOwn(states, key)) return states[key] ?? key;
    return valueText(now, props.reading.info()).text;
  };
  return (
    <p class="lamp" data-lit={lit()} style={{ '--chars': word().length + 2 }}>
      <span class="shape" aria-hidden="true">{SHAPES[lit() ?? 'off']}</span> <span class="word">{word()}</span>
      <Show when={lit() === 'warn' || lit() === 'alarm'}><span class="unseen">, {text().boards.lit[lit() === 'warn' ? 'warn' : 'alarm']}</span></Show>
    </p>
  );
}
