// Beside a board that is being arranged: tiles to add, or the settings of the chosen one.

import { For, type JSX, Show, createSignal } from 'solid-js';
import { useGateway } from '../live/gateway.js';
import { text } from '../text/language.js';
import { tilesFor, turned } from './arrange.js';
import { KINDS, type Kind, type Tile, type What } from './document.js';
import { Settings } from './settings.js';
import { COLUMNS, MOST_HIGH, type Box } from './layout.js';
import { PointPicker } from './picker.js';

export interface SheetProps {
  tile: Tile | undefined;
  isOpen: boolean;
  /** As many tiles may be added. */
  room: number;
  onClose: () => void;
  onAdd: (whats: readonly What[]) => void;
  onSet: (key: number, what: What) => void;
  onPlace: (key: number, box: Partial<Box>) => void;
  onRemove: (key: number) => void;
  onDuplicate: (key: number) => void;
}

export function Sheet(props: SheetProps): JSX.Element {
  const words = () => text().boards.sheet;
  return (
    <aside class="sheet panel" data-open={props.isOpen ? '' : undefined} aria-label={props.tile ? words().settings : words().add}
      onKeyDown={(event) => { if (event.key === 'Escape') props.onClose(); }}>
      <header class="row">
        <h2>{props.tile ? words().settings : words().add}</h2>
        <button type="button" class="quiet close" data-always={props.tile ? '' : undefined} onClick={() => props.onClose()}>{words().close}</button>
      </header>
      <Show when={props.tile} fallback={<Add {...props} />}>{(tile) => <OfTile {...props} tile={tile()} />}</Show>
    </aside>
  );
}

function Add(props: SheetProps): JSX.Element {
  const { catalog } = useGateway();
  const words = () => text().boards.sheet;
  const [kind, setKind] = createSignal<Kind | 'auto'>('auto');
  const [points, setPoints] = createSignal<readonly string[]>([]);
  const whats = () => tilesFor(points(), kind(), (id) => catalog.info(id));
  return (
    <form class="fields" onSubmit={(event) => { event.preventDefault(); props.onAdd(whats()); setPoints([]); }}>
      <KindChoice kind={kind()} withAuto onChange={setKind} />
      <Show when={kind() !== 'text'}>
        <PointPicker label={words().points(props.room)} chosen={points()} most={props.room} onChange={setPoints} />
      </Show>
      <button class="main" disabled={whats().length === 0 || props.room === 0}>{words().put(Math.max(1, whats().length))}</button>
      <p class="muted">{text().boards.edit.help}</p>
    </form>
  );
}

function KindChoice(props: { kind: Kind | 'auto' | 'unknown'; withAuto?: boolean; onChange: (kind: Kind) => void }): JSX.Element {
  return (
    <label>{text().boards.sheet.kind}
      <select value={props.kind} onChange={(event) => props.onChange(event.currentTarget.value as Kind)}>
        <Show when={props.withAuto}><option value="auto" selected={props.kind === 'auto'}>{text().boards.sheet.auto}</option></Show>
        <Show when={props.kind === 'unknown'}><option value="unknown" selected>{text().boards.kind.unknown}</option></Show>
        <For each={KINDS}>{(kind) => <option value={kind} selected={props.kind === kind}>{text().boards.kind[kind]}</option>}</For>
      </select>
    </label>
  );
}

function OfTile(props: SheetProps & { tile: Tile }): JSX.Element {
  const words = () => text().boards.sheet;
  const set = (what: What) => props.onSet(props.tile.key, what);
  const known = () => (props.tile.what.kind === 'unknown' ? null : props.tile.what);
  return (
    <div class="fields">
      <KindChoice kind={props.tile.what.kind} onChange={(kind) => set(turned(props.tile.what, kind))} />
      <Show when={known()}>{(what) => <Settings what={what()} onSet={set} />}</Show>
      <Place box={props.tile.box} onPlace={(box) => props.onPlace(props.tile.key, box)} />
      <p class="row">
        <button type="button" disabled={props.room === 0} onClick={() => props.onDuplicate(props.tile.key)}>{words().duplicate}</button>
        <button type="button" onClick={() => props.onRemove(props.tile.key)}>{words().remove}</button>
      </p>
    </div>
  );
}

/** Where the tile stands, for those who would rather not drag. */
function Place(props: { box: Box; onPlace: (box: Partial<Box>) => void }): JSX.Element {
  const words = () => text().boards.sheet;
  const field = (label: string, value: number, least: number, most: number, put: (value: number) => Partial<Box>) => (
    <label>{label}
      <input type="number" class="number" min={least} max={most} value={value} onChange={({ currentTarget: input }) => {
        if (Number.isInteger(input.valueAsNumber)) props.onPlace(put(input.valueAsNumber));
        input.value = String(value);
      }} />
    </label>
  );
  return (
    <fieldset class="four">
      <legend>{words().place}</legend>
      {field(words().column, props.box.x + 1, 1, COLUMNS, (value) => ({ x: value - 1 }))}
      {field(words().row, props.box.y + 1, 1, 999, (value) => ({ y: value - 1 }))}
      {field(words().width, props.box.w, 1, COLUMNS, (value) => ({ w: value }))}
      {field(words().height, props.box.h, 1, MOST_HIGH, (value) => ({ h: value }))}
    </fieldset>
  );
}
