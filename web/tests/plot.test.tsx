// What a chart draws, with a uPlot and a canvas that only note what they are told.

import { render } from 'solid-js/web';
import { afterEach, expect, test, vi } from 'vitest';
import type uPlot from 'uplot';
import { GatewayProvider, createGateway } from '../src/live/gateway.js';
import { groupsOf } from '../src/trends/groups.js';
import { DARK } from '../src/trends/palette.js';
import { Plot } from '../src/trends/plot.js';
import { FakeClient, pointOf } from './fake.js';

const made = vi.hoisted(() => ({ options: [] as unknown[] }));
vi.mock('../src/trends/uplot.js', () => ({
  default: class {
    readonly bbox = { left: 0, top: 0, width: 1_000, height: 100 };
    readonly over = document.createElement('div');
    constructor(options: unknown) {
      made.options.push(options);
    }
    batch(act: () => void) {
      act();
    }
    setData() {}
    setScale() {}
    setCursor() {}
    setSelect() {}
    setSize() {}
    redraw() {}
    destroy() {}
  },
}));

class Size {
  readonly #told: ResizeObserverCallback;
  constructor(told: ResizeObserverCallback) {
    this.#told = told;
  }
  observe() {
    this.#told([{ contentRect: { width: 1_000, height: 100 } } as ResizeObserverEntry], this as unknown as ResizeObserver);
  }
  disconnect() {}
}

class Path {
  readonly corners: (readonly [number, number])[] = [];
  moveTo(x: number, y: number) {
    this.corners.push([x, y]);
  }
  lineTo(x: number, y: number) {
    this.corners.push([x, y]);
  }
}

let end: () => void = () => {};
afterEach(() => {
  end();
  vi.unstubAllGlobals();
});

test('a number that is read again and again is drawn as what was told, without slopes', async () => {
  vi.stubGlobal('ResizeObserver', Size);
  vi.stubGlobal('Path2D', Path);
  const { groups: [group] } = groupsOf(['a'], (id) => ({ ...pointOf(id), type: 'f32', writable: false, unit: 'W', scan_ms: 500 }));
  const track = { times: Float64Array.of(0, 1_000, 2_000), values: Float64Array.of(10, 20, 15) };
  const shades = { text: '', grid: '', lost: '', lines: DARK };
  end = render(() => (
    <GatewayProvider value={createGateway(new FakeClient().client)}>
      <Plot group={group!} from={0} to={2_500} until={2_500} track={() => track} look={() => 'good'} shades={shades} cross={null}
        hasTimes gutter={48} onGutter={() => {}} height={100} />
    </GatewayProvider>
  ), document.createElement('div'));
  await vi.waitFor(() => expect(made.options).toHaveLength(1));
  const { series } = made.options[0] as uPlot.Options;
  const paths = series[1]?.paths?.({} as uPlot, 1, 0, 1) as unknown as { stroke: Path };
  const { corners } = paths.stroke;
  expect(corners.map(([x]) => x)).toEqual([0, 400, 400, 800, 800, 1_000]);
  const isSlope = ([x, y]: readonly [number, number], at: number) => at > 0 && corners[at - 1]?.[0] !== x && corners[at - 1]?.[1] !== y;
  expect(corners.filter(isSlope)).toEqual([]);
});
