/** The panel “Movement now”: joint angles, and the body's height as a line. */

import { label, measure } from './format.js';
import { part, row, tile } from './screen.js';
import { Trace } from './trace.js';

/** The ankle is left out: one camera sees it too poorly to be read off a screen. */
const JOINTS = ['knee', 'hip'];
const HIDDEN = /ankle/;
const NONE = '–';

const trace = new Trace(part('trace'));

/** A hint takes the panel's place until there is something to show. */
export function clearLive() {
  trace.clear();
  part('moving').hidden = true;
  part('moving-hint').hidden = false;
}

/** @param {number} tS seconds since the session's first frame @param {Object<string, number>} live */
export function showLive(tS, live) {
  if (part('moving').hidden && Object.keys(live).length === 0) return;
  part('moving').hidden = false;
  part('moving-hint').hidden = true;
  const angles = new Map(JOINTS.map((joint) => [joint, { left: NONE, right: NONE }]));
  const others = [];
  for (const [name, value] of Object.entries(live)) {
    const joint = JOINTS.find((known) => name.includes(known));
    const side = name.includes('left') ? 'left' : name.includes('right') ? 'right' : undefined;
    if (joint && side && name.endsWith('_deg')) {
      /** @type {any} */ (angles.get(joint))[side] = `≈ ${measure(name, value)}`;
    } else if (typeof value === 'number' && /_(m|m_s|deg)$/.test(name) && !HIDDEN.test(name)) {
      others.push([label(name), measure(name, value)]);
    }
  }
  part('angles').replaceChildren(...[...angles].map(([joint, { left, right }]) => row(label(joint), left, right)));
  part('motion').replaceChildren(...others.map(([name, value]) => tile(name, value)));
  trace.add(tS, live.com_height_m);
}
