// A lamp for each device: its state by shape, word and colour. Draws what it is given; pressing one reports its name.

import { NOT_LIVE, STATE } from './format.js';

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
    Object.assign(lamp, { shape: part('shape'), name: part('name'), word: part('word'), error: part('error') });
    const says = part('says');
    says.append(lamp.word, lamp.error);
    lamp.name.textContent = name;
    lamp.shape.setAttribute('aria-hidden', 'true');
    lamp.button.type = 'button';
    lamp.button.className = 'lamp';
    lamp.button.append(lamp.shape, lamp.name, ' ', says);
    lamp.button.addEventListener('click', () => this.#onPress(name));
    lamp.item.append(lamp.button);
    this.#lamps.set(name, lamp);
    return lamp;
  }
}

function drawLamp(lamp, { state, error, live }, pressed) {
  const known = live && Object.hasOwn(STATE, state) ? state : 'unknown';
  const look = known !== 'unknown' ? STATE[known] : live ? { ...NOT_LIVE, word: state ?? 'unknown' } : NOT_LIVE;
  const trouble = known === 'degraded' || known === 'offline' ? (error ?? '') : '';
  const drawn = JSON.stringify([look, trouble, pressed]);
  if (drawn === lamp.drawn) return;
  lamp.drawn = drawn;
  lamp.button.dataset.state = known;
  lamp.button.setAttribute('aria-pressed', pressed);
  lamp.shape.textContent = look.shape;
  lamp.word.textContent = look.word;
  lamp.error.textContent = trouble && ` · ${trouble}`;
  lamp.button.title = trouble;
}
