/** The page's parts, each with what it shows. Knows nothing of cameras and connections. */

import { card } from './cards.js';
import { decimal, measure } from './format.js';
import { nameOf } from './jumps.js';
import { drawSkeleton } from './skeleton.js';
import { PHASES, STATES } from './words.js';

const SHARPEST_OVERLAY = 3;
const QUIET_MS = 1200;

/** @param {string} id @returns {any} */
export const part = (id) => document.getElementById(id);

const overlay = /** @type {HTMLCanvasElement} */ (part('overlay'));
const overlayContext = /** @type {CanvasRenderingContext2D} */ (overlay.getContext('2d'));

/** @param {'idle'|'running'|'summary'} mode */
export function showMode(mode) {
  document.body.dataset.mode = mode;
  const running = mode === 'running';
  part('welcome').hidden = mode !== 'idle';
  part('summary').hidden = mode !== 'summary';
  part('now').hidden = part('source').hidden = !running;
  part('start').hidden = part('demo').hidden = running;
  part('stop').hidden = !running;
  part('fields').disabled = running;
}

/** @param {boolean} wanted whether the server wants a token, or another one */
export function showAccess(wanted) {
  const field = part('token');
  part('access').hidden = !wanted;
  if (!wanted) field.value = '';
  else field.focus();
  field.select(); // a wrong one is typed over, or mended
}

/** @param {string} state @param {number} [delayMs] until the next attempt */
export function showConnection(state, delayMs) {
  part('connection').dataset.state = state;
  const text = part('connection-text');
  if (text.textContent !== STATES[state]) text.textContent = STATES[state];
  part('countdown').textContent = delayMs === undefined ? '' : ` in ${Math.max(1, Math.ceil(delayMs / 1000))} s`;
}

/** @param {string} name of what the picture comes from */
export function showSource(name) {
  part('source').textContent = name;
  part('picture').setAttribute('aria-label', name);
}

/** @param {boolean} mirrored */
export function showMirrored(mirrored) {
  part('view').classList.toggle('mirrored', mirrored);
  part('mirror').setAttribute('aria-pressed', String(mirrored));
}

/** @param {string} phase empty for none yet @param {string} hint */
export function showPhase(phase, hint) {
  const shown = part('phase');
  part('now').dataset.phase = phase;
  if (shown.dataset.phase !== phase || shown.textContent === '') {
    shown.dataset.phase = phase;
    shown.textContent = PHASES[phase] ?? phase;
    announceSoon(shown.textContent);
  }
  if (part('hint').textContent !== hint) part('hint').textContent = hint;
}

/** @param {?number[][]} pose */
export function showPose(pose) {
  const { width, height } = part('picture');
  const sharpness = Math.min(SHARPEST_OVERLAY, Math.max(1, (overlay.clientWidth / width) * devicePixelRatio));
  const size = { width: Math.round(width * sharpness), height: Math.round(height * sharpness) };
  if (overlay.width !== size.width || overlay.height !== size.height) Object.assign(overlay, size);
  drawSkeleton(overlayContext, pose);
  overlay.dataset.pose = String(pose !== null);
}

/** The view takes the picture's shape. */
export function fitView() {
  const { width, height } = part('picture');
  part('view').style.setProperty('--shape', String(width / height));
}

/** @param {import('./stats.js').Report} report */
export function showTelemetry(report) {
  part('sent').textContent = decimal(report.sentPerS, 1);
  part('answered').textContent = decimal(report.answeredPerS, 1);
  part('median').textContent = report.medianMs === null ? '–' : decimal(report.medianMs, 0);
  part('p95').textContent = report.p95Ms === null ? '–' : decimal(report.p95Ms, 0);
  part('skipped').textContent = decimal(report.skipped, 0);
  part('dropped').textContent = decimal(report.dropped, 0);
}

/**
 * Puts a jump's card in place of its earlier one, or on top. The newest card is open; one that was opened stays so.
 *
 * @param {import('./jumps.js').Entry} entry
 */
export function showCard(entry) {
  const cards = part('cards');
  const known = cards.querySelector(`[data-name="${nameOf(entry)}"]`);
  if (known) {
    known.replaceWith(card(entry, known.querySelector('details')?.open ?? true));
    return;
  }
  const previous = cards.querySelector('details');
  if (previous && !previous.dataset.kept) previous.open = false;
  const made = card(entry, true);
  made.classList.add('new');
  cards.prepend(made);
}

/** @param {import('./jumps.js').JumpLog} log */
export function showLog(log) {
  const none = log.entries.length === 0;
  part('no-jumps').hidden = !none;
  part('legend').hidden = none;
  for (const id of ['export-csv', 'export-json', 'clear']) part(id).disabled = none;
  if (none) part('cards').replaceChildren();
}

/** @param {?import('./jumps.js').Entry} entry the newest jump */
export function showLast(entry) {
  const height = entry?.jump.metrics.jump_height_m;
  part('last').hidden = height === undefined;
  if (entry === null || height === undefined) return;
  part('last-height').textContent = measure('jump_height_m', height);
  part('last').dataset.final = String(entry.jump.final);
}

/** @param {{title: string, figures: string[][], frames: string}} summary */
export function showSummary({ title, figures, frames }) {
  part('summary-title').textContent = title;
  part('summary-figures').replaceChildren(...figures.map(([name, value, worth]) => tile(name, value, worth)));
  part('summary-frames').textContent = frames;
}

let announced = '';
let announcing = 0;

/** @param {string} text told to a screen reader at once */
export function announce(text) {
  clearTimeout(announcing);
  announcing = 0;
  part('announcer').textContent = announced = text;
}

/** Phases change faster than they can be said: only the one that is there after a while is. @param {string} text */
function announceSoon(text) {
  clearTimeout(announcing);
  announcing = window.setTimeout(() => {
    if (text !== announced) announce(text);
  }, QUIET_MS);
}

/** @param {string} name @param {string} value @param {string} [worth] in small letters below */
export function tile(name, value, worth) {
  const [made, term, figure, remark] = ['div', 'dt', 'dd', 'dd'].map((tag) => document.createElement(tag));
  term.textContent = name;
  figure.textContent = value;
  made.append(term, figure);
  if (worth) {
    remark.className = 'fine';
    remark.textContent = worth;
    made.append(remark);
  }
  return made;
}

/** @param {string} name @param {string[]} values */
export function row(name, ...values) {
  const made = document.createElement('tr');
  const head = document.createElement('th');
  head.scope = 'row';
  head.textContent = name;
  made.append(head, ...values.map((value) => {
    const cell = document.createElement('td');
    cell.textContent = value;
    return cell;
  }));
  return made;
}
