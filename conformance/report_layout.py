"""Looks at a report as people do: headless Chromium at the widths of a desk and of a telephone, light and dark.

    python3 report_layout.py report.html [folder for the pictures]

It counts, in the page as laid out: text over text, text outside its drawing, figures over one another, drawings without
content, numbers that are none, a page wider than the window, print too small or too faint to read. Exit 1 where it finds
something. Needs chromium on the path.
"""

import html
import json
import pathlib
import re
import subprocess
import sys
import tempfile

WIDTHS = (1400, 390)
THEMES = {"light": 1, "dark": 0}

MEASURE = r"""
const frame = document.querySelector('iframe'), found = [];
const tell = (kind, where, what) => found.push(kind + ': ' + where + ': ' + what);
function run() {
  const doc = frame.contentDocument, view = frame.contentWindow;
  const paper = rgb(view.getComputedStyle(doc.body).backgroundColor);
  const place = e => { const s = e.closest('section'); return s ? s.id : 'top'; };
  const words = e => e.textContent.slice(0, 40);
  if (doc.documentElement.scrollWidth > doc.documentElement.clientWidth)
    tell('too wide', 'page', doc.documentElement.scrollWidth + ' px');
  for (const svg of doc.querySelectorAll('svg')) {
    const where = place(svg) + ' / ' + svg.getAttribute('aria-label'), box = svg.getBoundingClientRect();
    const texts = [...svg.querySelectorAll('text')].map(e => ({e, b: slim(e.getBoundingClientRect())}));
    if (!svg.querySelector('path.line, path.mark, rect.bar, rect.heat, rect.cold, path.heat, path.cold'))
      tell('empty', where, 'no mark');
    for (const {e, b} of texts) {
      if (b.left < box.left - 1.5 || b.right > box.right + 1.5 || b.top < box.top - 2 || b.bottom > box.bottom + 2)
        tell('outside', where, words(e) + ' by ' + Math.max(box.left - b.left, b.right - box.right).toFixed(1));
      if (parseFloat(view.getComputedStyle(e).fontSize) * box.width / svg.viewBox.baseVal.width < 9)
        tell('small', where, words(e));
    }
    for (let i = 0; i < texts.length; i++)
      for (let j = i + 1; j < texts.length; j++)
        if (meet(texts[i].b, texts[j].b)) tell('overlap', where, words(texts[i].e) + ' | ' + words(texts[j].e));
  }
  const blocks = [...doc.querySelectorAll('h2, h3, h4, p, li, figure, table, dd, dt, .tile')];
  for (let i = 0; i < blocks.length; i++)
    for (let j = i + 1; j < blocks.length; j++)
      if (!blocks[i].contains(blocks[j]) && !blocks[j].contains(blocks[i])
          && meet(blocks[i].getBoundingClientRect(), blocks[j].getBoundingClientRect()))
        tell('overlap', place(blocks[i]), words(blocks[i]) + ' | ' + words(blocks[j]));
  const faint = new Set();
  for (const e of doc.querySelectorAll('p, li, td, th, figcaption, dt, dd, small, span, code, h2, h3, h4, text')) {
    const style = view.getComputedStyle(e), ink = rgb(e.tagName === 'text' ? style.fill : style.color);
    if (words(e).trim() && !e.classList.contains('cell-strong') && contrast(ink, paper) < 4.5)
      faint.add((e.getAttribute('class') || e.tagName) + ' ' + contrast(ink, paper).toFixed(1));
  }
  faint.forEach(f => tell('faint', 'page', f));
  if (/(?:x|y|d|width|height|points)="[^"]*(?:NaN|Infinity)/.test(doc.documentElement.outerHTML)) tell('NaN', 'page', '');
  document.body.innerHTML = '<pre id="found">' + JSON.stringify(found).replace(/&/g, '&amp;').replace(/</g, '&lt;')
    + '</pre>';
}
const slim = b => ({left: b.left, right: b.right, top: b.top + b.height * .2, bottom: b.bottom - b.height * .2});
const meet = (a, b) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1
  && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 1;
const rgb = c => (c.match(/[\d.]+/g) || [0, 0, 0]).slice(0, 3).map(Number);
const light = c => c.map(v => v / 255).map(v => v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
  .reduce((s, v, i) => s + v * [.2126, .7152, .0722][i], 0);
const contrast = (a, b) => (Math.max(light(a), light(b)) + .05) / (Math.min(light(a), light(b)) + .05);
frame.onload = run;
"""


def chromium(page, width, height, theme, *arguments):
    command = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
               f"--blink-settings=preferredColorScheme={THEMES[theme]}", f"--window-size={width},{height}",
               *arguments, page.resolve().as_uri()]
    return subprocess.run(command, capture_output=True, text=True, timeout=120).stdout


def framed(report, width, height, script):
    """Within a frame: a window of Chromium is never as narrow as a telephone."""
    return (f'<!doctype html><meta name="color-scheme" content="light dark"><body style="margin:0">'
            f'<iframe style="border:0;width:{width}px;height:{height}px;display:block"></iframe>'
            f"<script>{script}\ndocument.querySelector('iframe').srcdoc = {json.dumps(report).replace('</', '<' + chr(92) + '/')};"
            "</script>")


def main():
    report = pathlib.Path(sys.argv[1]).read_text(encoding="utf-8")
    pictures = pathlib.Path(sys.argv[2]) if len(sys.argv) > 2 else None
    findings = 0
    for width in WIDTHS:
        for theme in THEMES:
            with tempfile.TemporaryDirectory() as folder:
                page = pathlib.Path(folder) / "page.html"
                page.write_text(framed(report, width, 4000, MEASURE), encoding="utf-8")
                dump = chromium(page, max(width, 600), 4000, theme, "--virtual-time-budget=20000", "--dump-dom")
                found = re.search(r'<pre id="found">(.*?)</pre>', dump, re.S)
                if not found:
                    sys.exit("chromium told nothing; is it on the path, and the page readable?")
                lines = json.loads(html.unescape(found.group(1)))
                print(f"{width} px, {theme}: {len(lines)} found")
                for line in lines:
                    print("  " + line)
                findings += len(lines)
                if pictures:
                    pictures.mkdir(parents=True, exist_ok=True)
                    height = 16000 if width > 500 else 16380
                    page.write_text(framed(report, width, height, ""), encoding="utf-8")
                    chromium(page, max(width, 500), height, theme, "--virtual-time-budget=5000",
                             f"--screenshot={pictures / f'{width}-{theme}.png'}")
    sys.exit(1 if findings else 0)


if __name__ == "__main__":
    main()
