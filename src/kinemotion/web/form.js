/** The set-up form: what was chosen, remembered on this device. */

import { part } from './screen.js';

const MEMORY = 'kinemotion.setup';
const NAMES = ['movement', 'height', 'mass', 'drop', 'camera', 'quality', 'fps'];

/** @param {string} name @returns {HTMLInputElement|HTMLSelectElement} */
const field = (name) => part(name);

/** @param {string} name @param {number} factor to the wire's unit @returns {number|undefined} */
function number(name, factor) {
  const { value } = field(name);
  return value === '' ? undefined : Number((Number(value) * factor).toFixed(4));
}

/** @returns {boolean} whether everything is in its range; if not, the browser says what is wrong */
export function isValid() {
  if (part('form').checkValidity()) return true;
  part('setup').open = true;
  part('form').reportValidity();
  return false;
}

/** @returns {import('./protocol.js').Settings} */
export function settings() {
  const movement = /** @type {import('./protocol.js').Settings['movement']} */ (field('movement').value);
  return {
    movement,
    quality: /** @type {import('./protocol.js').Settings['quality']} */ (field('quality').value),
    height_m: number('height', 0.01),
    mass_kg: number('mass', 1),
    drop_height_m: takesDrop(movement) ? number('drop', 0.01) : undefined,
  };
}

/** @returns {{camera: string, fps: number}} */
export function cameraChoice() {
  return { camera: field('camera').value, fps: Number(field('fps').value) };
}

/** @param {{id: string, label: string}[]} cameras */
export function offerCameras(cameras) {
  const group = part('devices');
  const chosen = remembered().camera ?? field('camera').value;
  group.replaceChildren(...cameras.map(({ id, label }) => new Option(label, id, false, id === chosen)));
  group.hidden = cameras.length === 0;
}

/** Fills the form as it was left, and keeps it in step from here on. */
export function prepareForm() {
  if (window.matchMedia('(pointer: coarse)').matches) field('camera').value = 'environment';
  restore();
  part('form').addEventListener('input', () => {
    remember();
    describe();
  });
  part('form').addEventListener('submit', (/** @type {Event} */ event) => event.preventDefault());
  describe();
}

/** @param {string} movement */
function takesDrop(movement) {
  return movement === 'dj' || movement === 'auto';
}

function describe() {
  const { movement, height_m: height, mass_kg: mass } = settings();
  part('drop-field').hidden = !takesDrop(movement);
  const chosen = /** @type {HTMLSelectElement} */ (field('movement')).selectedOptions[0].text;
  const known = [height && `${Math.round(height * 1000) / 10} cm`, mass && `${mass} kg`];
  part('setup-summary').textContent = [chosen, ...known].filter(Boolean).join(', ');
}

function remember() {
  try {
    localStorage.setItem(MEMORY, JSON.stringify(Object.fromEntries(NAMES.map((name) => [name, field(name).value]))));
  } catch {
    // a browser that keeps nothing still works
  }
}

function restore() {
  const saved = remembered();
  for (const name of NAMES) {
    const control = field(name);
    const before = control.value;
    if (typeof saved[name] === 'string') control.value = saved[name];
    if (control instanceof HTMLSelectElement && control.selectedIndex < 0) control.value = before;
  }
}

/** @returns {Object<string, string>} */
function remembered() {
  try {
    return Object(JSON.parse(localStorage.getItem(MEMORY) ?? '{}'));
  } catch {
    return {};
  }
}
