// One chart: the axes and the crosshair are uPlot's, the lines are drawn here from what the history has.
//
// What holds: a line is grey when its newest value is not live; what is too large to be drawn exactly is not drawn; uPlot
// is loaded when the first chart is shown, and never given more than there are pixels.

import { type JSX, createEffect, createMemo, createSignal, on, onCleanup, onMount } from 'solid-js';
import type uPlot from 'uplot';
import { useGateway } from '../live/gateway.js';
import type { Track } from '../live/history.js';
import type { Look } from '../shell/quality.js';
import { locale } from '../text/language.js';
import { gutterOf, marksOf, timeMarks, valueMarks, valueRange } from './axes.js';
import { type Stroke, strokeOf } from './decimate.js';
import type { Group } from './groups.js';
import { type Shades, colourOf, patternOf } from './palette.js';
import { type Range, isExact, laneBase } from './range.js';

/** What a chart shows. */
export interface PlotProps {
  readonly group: Group;
  readonly from: number;
  readonly to: number;
  /** Until when anything can be known. */
  readonly until: number;
  readonly track: (id: string) => Track | undefined;
  readonly look: (id: string) => Look;
  readonly shades: Shades;
  /** Where the crosshair stands: 0 is the beginning of the span, 1 its end; null for nowhere. */
  readonly cross: number | null;
  /** What is marked to be zoomed into, as the crosshair's places. */
  readonly marked?: readonly [number, number] | null;
  /** Whether times stand below it; in a small one only where there is height for them. */
  readonly hasTimes: boolean;
  /** How wide what stands beside the axis of values may be: one for all charts of a picture. */
  readonly gutter: number;
  /** Told how wide it has to be. */
  readonly onGutter: (px: number) => void;
  readonly height?: number | undefined;
  readonly small?: boolean;
  /** Told of the points whose values are too large to be drawn exactly. */
  readonly onInexact?: (ids: readonly string[]) => void;
}

const TIMES_PX = 26;
const LETTERS_PX = 12;
/** The height from which on a small chart has room for times. */
const TIMES_FROM_PX = 110;
/** The letters around a chart for which all lengths here are made: with larger ones, as on a wall, they grow. */
const AROUND_PX = 15;
/** A value that stood for less than this is still seen. */
const LEAST_PX = 1.5;

/** How much larger than usual everything is, by the letters around. */
function scaleIn(box: HTMLElement): number {
  return Math.max(1, parseFloat(getComputedStyle(box).fontSize) / AROUND_PX || 1);
}

/** A chart of lines that have one unit. */
export function Plot(props: PlotProps): JSX.Element {
  let box!: HTMLDivElement;
  const [size, setSize] = createSignal({ width: 0, height: 0 });
  const [scale, setScale] = createSignal(1);
  const { isLive } = useGateway();
  const [make, setMake] = createSignal<typeof uPlot>();
  // Where its file could not be had it may be there with the gateway.
  createEffect(on(isLive, () => make() ?? void import('./uplot.js').then((module) => setMake(() => module.default), () => {})));
  onMount(() => {
    const observer = new ResizeObserver(([entry]) => {
      setScale(scaleIn(box));
      if (entry) setSize({ width: Math.floor(entry.contentRect.width), height: Math.floor(entry.contentRect.height) });
    });
    observer.observe(box);
    onCleanup(() => observer.disconnect());
  });
  const lines = () => props.group.lines.map(({ id, slot }) => `${slot} ${id}`).join();
  const hasTimes = createMemo(() => props.hasTimes && (!props.small || size().height >= TIMES_FROM_PX * scale()));
  createEffect(on([make, lines, hasTimes, scale, () => size().width > 0], ([Made]) => {
    if (!Made || size().width === 0) return;
    const drawing = new Drawing(Made, props, { ...size(), hasTimes: hasTimes(), scale: scale() }, box);
    createEffect(() => drawing.resize(size()));
    createEffect(() => {
      locale();
      drawing.draw();
    });
    createEffect(() => drawing.cross(props.cross, props.marked ?? null));
    onCleanup(() => drawing.end());
  }));
  return (
    <div class="plot" classList={{ small: props.small === true }} ref={box} aria-hidden="true"
      style={props.height === undefined ? {} : { height: `${props.height}px` }} />
  );
}

/** What a chart is made for. */
interface Frame {
  readonly width: number;
  readonly height: number;
  readonly hasTimes: boolean;
  readonly scale: number;
}

/** A chart on the screen. */
class Drawing {
  readonly #props: PlotProps;
  readonly #plot: uPlot;
  readonly #scale: number;
  #strokes: readonly (Stroke | null)[] = [];
  #range: Range | undefined;
  #marks: readonly number[] = [];
  #gutter = 0;

  constructor(Made: typeof uPlot, props: PlotProps, frame: Frame, box: HTMLElement) {
    this.#props = props;
    this.#scale = frame.scale;
    this.#plot = new Made(this.#options(frame), [[0, 1], ...props.group.lines.map(() => [null, null])], box);
  }

  end(): void {
    this.#plot.destroy();
  }

  resize(size: { width: number; height: number }): void {
    if (size.width > 0 && (size.width !== this.#plot.width || size.height !== this.#plot.height)) this.#plot.setSize(size);
  }

  /** Draws what there is. Tracks what it depends on. */
  draw(): void {
    const { group, from, to, until, track, look, shades, gutter } = this.#props;
    for (const { id } of group.lines) look(id);
    void shades.lines;
    const columns = Math.max(1, Math.round(this.#plot.bbox.width / devicePixelRatio));
    const inexact: string[] = [];
    this.#strokes = group.lines.map((line) => {
      const found = track(line.id);
      const stroke = found ? strokeOf(found, { from, to, columns }, until) : null;
      if (!stroke || isExact(stroke.low, stroke.high)) return stroke;
      inexact.push(line.id);
      return null;
    });
    this.#props.onInexact?.(inexact);
    const low = extreme(this.#strokes, 'low', (one, other) => one < other);
    const high = extreme(this.#strokes, 'high', (one, other) => one > other);
    const range = valueRange(group, low, high, this.#range);
    this.#range = range;
    this.#marks = marksOf(group, range, this.#plot.bbox.height / devicePixelRatio / this.#scale);
    this.#props.onGutter(Math.ceil(gutterOf(valueMarks(group, this.#marks)) * this.#scale));
    const isMoved = gutter !== this.#gutter;
    this.#gutter = gutter;
    this.#plot.batch(() => {
      this.#plot.setData([[from, to], ...group.lines.map(() => [null, null])], false);
      this.#plot.setScale('x', { min: from, max: to });
      this.#plot.setScale('y', { min: range[0], max: range[1] });
      if (isMoved) this.#plot.redraw(true, true);
    });
  }

  cross(at: number | null, marked: readonly [number, number] | null): void {
    const { width, height } = this.#plot.over.getBoundingClientRect();
    this.#plot.setCursor(at === null ? { left: -10, top: -10 } : { left: at * width, top: height / 2 }, false);
    const [begin, end] = marked ?? [0, 0];
    this.#plot.setSelect({ left: Math.min(begin, end) * width, width: Math.abs(end - begin) * width, top: 0, height: marked ? height : 0 }, false);
  }

  #path(at: number): Path2D | null {
    const stroke = this.#strokes[at];
    if (!stroke || !this.#range) return null;
    const { group, from, to } = this.#props;
    const { left, top, width, height } = this.#plot.bbox;
    const base = group.kind === 'switch' ? laneBase(at, group.lines.length) : 0;
    const [low, high] = this.#range;
    const x = (time: number) => left + ((time - from) / (to - from)) * width;
    const y = (value: number) => top + height - ((value + base - low) / (high - low)) * height;
    return pathOf(stroke, x, y, LEAST_PX * this.#scale * devicePixelRatio);
  }

  #options({ width, height, hasTimes, scale }: Frame): uPlot.Options {
    const { group, small } = this.#props;
    const none = () => null;
    const silent = { mousedown: none, mouseup: none, click: none, dblclick: none, mousemove: none, mouseleave: none, mouseenter: none };
    return {
      width, height, ms: 1, padding: [8 * scale, small && !hasTimes ? 8 : Math.min(40 * scale, Math.max(small ? 24 * scale : 0, width / 30)), hasTimes ? 0 : 6, 0], legend: { show: false },
      cursor: { x: true, y: false, points: { show: false }, drag: { x: false, y: false, setScale: false }, bind: silent },
      scales: { x: { auto: false }, y: { auto: false } },
      axes: [
        {
          ...this.#axis(), size: hasTimes ? TIMES_PX * scale : 0, space: 90 * scale, ...(!hasTimes && { ticks: { show: false } }),
          values: (_, marks, _at, _space, step) => (hasTimes ? timeMarks(marks, step) : marks.map(() => null)),
        },
        {
          ...this.#axis(), size: () => this.#props.gutter, splits: () => [...this.#marks],
          values: (_, marks) => valueMarks(this.#props.group, marks),
        },
      ],
      series: [{}, ...group.lines.map(({ id, slot }, at): uPlot.Series => ({
        stroke: () => (this.#props.look(id) === 'lost' ? this.#props.shades.lost : colourOf(this.#props.shades, slot)),
        width: 1.75 * scale,
        dash: group.lines.length > 1 && group.kind !== 'switch' ? [...patternOf(slot)] : [],
        points: { show: false },
        paths: () => {
          const path = this.#path(at);
          return path ? { stroke: path } : null;
        },
      }))],
    };
  }

  #axis(): uPlot.Axis {
    return {
      stroke: () => this.#props.shades.text,
      font: `${LETTERS_PX * this.#scale}px ${getComputedStyle(document.body).fontFamily}`,
      grid: { stroke: () => this.#props.shades.grid, width: 1 },
      ticks: { stroke: () => this.#props.shades.grid, width: 1, size: 5 * this.#scale },
      gap: 4 * this.#scale,
    };
  }
}

function extreme(strokes: readonly (Stroke | null)[], which: 'low' | 'high', isBeyond: (one: number, other: number) => boolean): number {
  return strokes.reduce((best, stroke) => {
    const one = stroke?.[which] ?? NaN;
    return Number.isNaN(best) || isBeyond(one, best) ? one : best;
  }, NaN);
}

/** The line itself. What stood for so short a time that it would not be seen is made as long as `least`. */
function pathOf({ times, values }: Stroke, x: (time: number) => number, y: (value: number) => number, least: number): Path2D {
  const path = new Path2D();
  let begin = NaN;
  let end = NaN;
  let height = NaN;
  const lift = () => {
    if (end - begin < least) path.lineTo(begin + least, height);
    begin = NaN;
  };
  for (const [at, value] of values.entries()) {
    if (Number.isNaN(value)) {
      lift();
      continue;
    }
    end = x(times[at] ?? NaN);
    height = y(value);
    if (Number.isNaN(begin)) {
      begin = end;
      path.moveTo(end, height);
    } else path.lineTo(end, height);
  }
  lift();
  return path;
}
