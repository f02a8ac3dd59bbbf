/** One card for every jump. */

import { decimal, label, measure, quantity, sentence } from './format.js';
import { nameOf } from './jumps.js';
import { GRADES, LARGE_SPREAD, MOVEMENTS, OPEN, meaning, tooHigh, warning } from './words.js';

const HEADLINE = 'jump_height_m';
const DOUBTFUL = ['C', 'D'];
const PROMINENT = ['flight_time_ms', 'takeoff_velocity_m_s'];

/**
 * @param {string} tag
 * @param {string} className
 * @param {(string|Node)[]} children
 * @returns {HTMLElement}
 */
function element(tag, className, ...children) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  made.append(...children);
  return made;
}

/**
 * @param {import('./jumps.js').Entry} entry
 * @param {boolean} open whether the further metrics show
 * @returns {HTMLElement}
 */
export function card(entry, open) {
  const { jump, truth, source, athlete } = entry;
  const name = nameOf(entry);
  const { metrics, uncertainty = {}, quality } = jump;
  const title = element('h3', '', name);
  title.id = name.toLowerCase().replaceAll(' ', '-');
  const made = element('article', 'card');
  made.setAttribute('aria-labelledby', title.id);
  made.dataset.name = name;
  made.dataset.final = String(jump.final);
  const movement = MOVEMENTS[jump.movement] ?? sentence(jump.movement);
  const who = source === 'demo' ? 'drawn athlete' : athlete?.id;
  const kind = element('p', 'card-kind', who ? `${movement}, ${who}` : movement);
  made.append(element('header', 'card-head', title, status(jump), kind), headline(metrics, uncertainty));
  if (jump.final && quality?.grade in GRADES) {
    made.append(element('p', 'card-meaning fine', meaning(quality.grade, uncertainty[HEADLINE])));
  }
  if (truth?.[HEADLINE] !== undefined) made.append(comparison(metrics[HEADLINE], truth[HEADLINE]));
  made.append(figures(PROMINENT, metrics, uncertainty, 'figures figures-main'));
  made.append(...doubts(jump).map((text) => element('p', 'card-warning', text)));
  const further = Object.keys(metrics).filter((name) => name !== HEADLINE && !PROMINENT.includes(name));
  if (further.length > 0) {
    const details = element('details', 'card-more', element('summary', '', 'All values'));
    details.append(figures(further, metrics, uncertainty, 'figures'));
    details.toggleAttribute('open', open);
    made.append(details);
  }
  return made;
}

/** @param {import('./jumps.js').Entry} entry @returns {string} what a screen reader is told */
export function announcement(entry) {
  const { jump } = entry;
  const height = jump.metrics[HEADLINE];
  const result = height === undefined ? 'height unknown' : `${quantity(HEADLINE, height).number} centimetres`;
  return `${nameOf(entry)}: ${result}, ${jump.final ? 'final' : 'first estimate'}.`;
}

/** @param {import('./protocol.js').Jump} jump */
function status({ final, quality }) {
  if (!final) return element('p', 'badge badge-open', OPEN);
  const grade = quality?.grade ?? '';
  const badge = element('p', `badge badge-${grade.toLowerCase()}`, element('strong', '', `Grade ${grade}`));
  if (grade in GRADES) badge.append(` ${GRADES[grade]}`);
  return badge;
}

/** @param {import('./protocol.js').Jump} jump @returns {string[]} what speaks against its numbers */
function doubts({ final, metrics, quality }) {
  const codes = quality?.warnings ?? [];
  if (codes.length === 0 && final && DOUBTFUL.includes(quality?.grade)) return [LARGE_SPREAD];
  const { hostname } = window.location;
  return codes.map((code) => `${warning(code, hostname) ?? sentence(code)}${excess(code, metrics)}`);
}

/** @param {string} code @param {Object<string, number>} metrics @returns {string} by how much bent legs misled */
function excess(code, metrics) {
  const difference = metrics.jump_height_flight_time_m - metrics[HEADLINE];
  return code === 'landing_flexed' && difference > 0 ? ` ${tooHigh(decimal(100 * difference, 0))}` : '';
}

/** @param {Object<string, number>} metrics @param {Object<string, number>} uncertainty */
function headline(metrics, uncertainty) {
  if (metrics[HEADLINE] === undefined) return element('p', 'height height-none', 'Height unknown');
  const { number, unit } = quantity(HEADLINE, metrics[HEADLINE]);
  const height = element('p', 'height', element('span', 'height-number', number), element('span', 'height-unit', unit));
  if (uncertainty[HEADLINE] !== undefined) {
    height.append(element('span', 'height-spread', `± ${quantity(HEADLINE, uncertainty[HEADLINE]).number}`));
  }
  return height;
}

/** @param {number|undefined} measured @param {number} truth metres */
function comparison(measured, truth) {
  const line = element('p', 'truth', 'True height ', element('strong', 'truth-height', measure(HEADLINE, truth)));
  if (measured !== undefined) {
    const difference = measured - truth;
    const { number } = quantity(HEADLINE, difference);
    line.append(element('span', 'truth-error', `${difference > 0 ? '+' : ''}${number} cm`));
  }
  return line;
}

/**
 * @param {string[]} names
 * @param {Object<string, number>} metrics
 * @param {Object<string, number>} uncertainty
 * @param {string} className
 */
function figures(names, metrics, uncertainty, className) {
  const list = element('dl', className);
  for (const name of names) {
    if (metrics[name] === undefined) continue;
    const value = element('dd', '', measure(name, metrics[name], uncertainty[name]));
    list.append(element('div', 'figure', element('dt', '', label(name)), value));
  }
  return list;
}
