// The values of charts, for whoever points at them or goes through them with
// the arrow keys; and their pictures as PNG.
'use strict';

function readable(svg) {
  const slots = [...svg.querySelectorAll('.slot')];
  const texts = slots.map((slot) => {
    const title = slot.querySelector('title');
    title.remove(); // the browser would show it too
    return title.textContent;
  });
  const tip = document.createElement('output');
  tip.className = 'tip';
  tip.hidden = true;
  svg.after(tip);
  let at = -1;
  const hide = () => {
    slots[at]?.classList.remove('on');
    tip.hidden = true;
    at = -1;
  };
  const show = (i) => {
    slots[at]?.classList.remove('on');
    at = i;
    slots[at].classList.add('on');
    tip.textContent = texts[at];
    tip.hidden = false;
    const slot = slots[at].getBoundingClientRect();
    const frame = svg.parentElement.getBoundingClientRect();
    const x = slot.left + slot.width / 2 - frame.left - tip.offsetWidth / 2;
    const y = slot.top - frame.top - tip.offsetHeight - 6;
    tip.style.left = Math.max(0, Math.min(x, frame.width - tip.offsetWidth)) + 'px';
    tip.style.top = (y < 0 ? Math.max(y, -tip.offsetHeight) : y) + 'px';
  };
  svg.addEventListener('pointermove', (e) => {
    const i = slots.indexOf(e.target.closest('.slot'));
    if (i >= 0 && i !== at) show(i);
  });
  const open = () => {
    if (slots[at]?.dataset.href) location.assign(slots[at].dataset.href);
  };
  svg.addEventListener('click', open);
  svg.addEventListener('pointerleave', hide);
  svg.addEventListener('blur', hide);
  svg.addEventListener('keydown', (e) => {
    const columns = Number(svg.dataset.columns);
    const rows = slots.length / columns;
    const to = {ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: slots.length - 1,
      ArrowUp: rows > 1 ? at - columns : undefined, ArrowDown: rows > 1 ? at + columns : undefined}[e.key];
    if (e.key === 'Escape') hide();
    if (e.key === 'Enter') open();
    if (to === undefined) return;
    e.preventDefault();
    if (at < 0) show(e.key === 'End' ? to : 0);
    else if (to >= 0 && to < slots.length) show(to);
  });
}

async function picture(link) {
  const text = await (await fetch(link.dataset.png)).text();
  const image = new Image();
  image.src = 'data:image/svg+xml;charset=utf-8,' + encodeURIComponent(text);
  await image.decode();
  const canvas = document.createElement('canvas');
  canvas.width = 2 * image.width;
  canvas.height = 2 * image.height;
  canvas.getContext('2d').drawImage(image, 0, 0, canvas.width, canvas.height);
  const a = document.createElement('a');
  a.href = canvas.toDataURL('image/png');
  a.download = link.dataset.name + '.png';
  a.click();
}

document.addEventListener('DOMContentLoaded', () => {
  document.querySelectorAll('svg.chart').forEach(readable);
  for (const files of document.querySelectorAll('figure .files')) {
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'quiet';
    button.textContent = 'PNG';
    button.dataset.png = files.querySelector('a[href*=".svg?"]').href;
    button.dataset.name = files.closest('figure').id;
    button.addEventListener('click', () => picture(button));
    files.append(button);
  }
  document.addEventListener('keydown', (e) => {
    if (e.key === 'Escape') document.querySelector('details.help[open]')?.removeAttribute('open');
  });
  document.addEventListener('click', (e) => {
    const open = document.querySelector('details.help[open]');
    if (open && !open.contains(e.target)) open.removeAttribute('open');
  });
});
