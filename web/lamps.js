// A lamp for each device: its state by shape, word and colour. Draws what it is given; pressing one reports its name.

import { NOT_LIVE, STATE, causeText } from './format.js';

/** Whether the device says what is wrong, and that still is. */
export function inTrouble({ state, error, live }) {
  return live && (state === 'degraded' || state === 'offline') && Boolean(error);
}

export class Lamps {
  #list;
  #lamps = new Map();
  #onPress;

  constructor(list, onPress) {
    this.#list = list;
    this.#onPress = onPress;
  }

  /** `devices`: `{ name, state, error, live }` in order; `chosen`: the name whose points are shown alone, or null. */
  draw(devices, chosen) {
    const gone = new Set(this.#lamps.keys());
    for (const [at, device] of devices.entries()) {
      gone.delete(device.name);
      const lamp = this.#lamps.get(device.name) ?? this.#create(device.name);
      if (this.#list.children[at] !== lamp.item) this.#list.insertBefore(lamp.item, this.#list.children[at] ?? null);
      drawLamp(lamp, device, device.name === chosen);
    }
    for (const name of gone) {
      this.#lamps.get(name).item.remove();
      this.#lamps.delete(name);
    }
  }

  #create(name) {
    const part = (className) => Object.assign(document.createElement('span'), { className });
    const lamp = { item: document.createElement('li'), button: document.createElement('button'), drawn: '' };
    Object.assign(lamp, { shape: part('shape'), name: part('name'), word: part('word') });
    Object.assign(lamp, { what: part('what'), cause: part('cause'), whole: part('unseen') });
    const says = part('says');
    says.append(lamp.word, lamp.what, lamp.cause, lamp.whole);
    lamp.name.textContent = name;
    // What is cut to fit is spoken whole.
    for (const cut of [lamp.shape, lamp.what, lamp.cause]) cut.setAttribute('aria-hidden', 'true');
    lamp.button.type = 'button';
    lamp.button.className = 'lamp';
    lamp.button.append(lamp.shape, lamp.name, ' ', says);
    lamp.button.addEventListener('click', () => this.#onPress(name));
    lamp.item.append(lamp.button);
    this.#lamps.set(name, lamp);
    return lamp;
  }
}

function drawLamp(lamp, device, pressed) {
  const { name, state, error, live } = device;
  const known = live && Object.hasOwn(STATE, state) ? state : 'unknown';
  const look = known !== 'unknown' ? STATE[known] : live ? { ...NOT_LIVE, word: state ?? 'unknown' } : NOT_LIVE;
  const { whole, what, cause } = causeText(inTrouble(device) ? error : '', name);
  const drawn = JSON.stringify([look, whole, pressed]);
  if (drawn === lamp.drawn) return;
  lamp.drawn = drawn;
  lamp.button.dataset.state = known;
  lamp.button.setAttribute('aria-pressed', pressed);
  lamp.shape.textContent = look.shape;
  lamp.word.textContent = look.word;
  lamp.what.textContent = what && ` · ${what}`;
  lamp.cause.textContent = cause;
  lamp.whole.textContent = whole && `: ${whole}`;
  lamp.cause.title = whole;
  lamp.what.title = whole;
}
