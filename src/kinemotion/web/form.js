/** The set-up form: what was chosen, remembered on this device. */

import { part } from './screen.js';
import { NOT_INSTALLED, QUALITIES, RANGES } from './words.js';

const MEMORY = 'kinemotion.setup';
const NAMES = ['movement', 'athlete', 'height', 'mass', 'drop', 'camera', 'quality', 'fps'];

/** @type {Object<string, string>} the server's models, by the quality that needs them */
const MODELS = { fast: 'lite', balanced: 'full', accurate: 'heavy' };

/** @param {string} name @returns {HTMLInputElement|HTMLSelectElement} */
const field = (name) => part(name);

/** @param {string} name @param {number} factor to the wire's unit @returns {number|undefined} */
function number(name, factor) {
  const { value } = field(name);
  return value === '' ? undefined : Number((Number(value) * factor).toFixed(4));
}

/** @returns {boolean} whether everything is in its range; if not, the browser says what is wrong */
export function isValid() {
  for (const [name, range] of Object.entries(RANGES)) {
    const control = field(name);
    control.setCustomValidity('');
    if (!control.validity.valid) control.setCustomValidity(range);
  }
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
    athlete_id: field('athlete').value.trim() || undefined,
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

/** @param {Object<string, string>} models the server's, each `installed` or not */
export function offerQualities(models) {
  const select = /** @type {HTMLSelectElement} */ (field('quality'));
  const options = [...select.options];
  for (const option of options) {
    option.disabled = models[MODELS[option.value]] === 'not installed';
    option.text = QUALITIES[option.value] + (option.disabled ? ` ${NOT_INSTALLED}` : '');
  }
  const best = options.slice(0, select.selectedIndex + 1).findLast((option) => !option.disabled);
  if (best) select.value = best.value;
}

/** Fills the form as it was left, and keeps it in step from here on. */
export function prepareForm() {
  if (window.matchMedia('(pointer: coarse)').matches) field('camera').value = 'environment';
  restore();
  part('form').addEventListener('input', (/** @type {Event} */ { target }) => {
    /** @type {HTMLInputElement|HTMLSelectElement} */ (target).setCustomValidity('');
    remember();
    describe();
  });
  part('form').addEventListener('submit', (/** @type {Event} */ event) => event.preventDefault());
  window.addEventListener('pageshow', describe); // a browser may put back what was in the form, and tell nobody
  describe();
}

/** @param {string} movement */
function takesDrop(movement) {
  return movement === 'dj' || movement === 'auto';
}

function describe() {
  const { movement, athlete_id: athlete, height_m: height, mass_kg: mass, drop_height_m: drop } = settings();
  part('drop-field').hidden = !takesDrop(movement);
  field('drop').disabled = !takesDrop(movement); // what does not show cannot be mended
  const chosen = /** @type {HTMLSelectElement} */ (field('movement')).selectedOptions[0].text;
  const known = [athlete, height && centimetres(height), mass && `${mass} kg`, drop && `box ${centimetres(drop)}`];
  part('setup-summary').textContent = [chosen, ...known].filter(Boolean).join(', ');
}

/** @param {number} metres */
function centimetres(metres) {
  return `${Math.round(metres * 1000) / 10} cm`;
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
