"""Chats on the page that `lizard serve` has, as people do: headless Chromium, keys and clicks, light and dark.

    ./lizard serve --model STUDENT --teacher TEACHER &
    python3 conformance/web_chat.py http://127.0.0.1:8080/ [folder for the pictures]

It sends, watches the answer come, stops one, draws one again, edits a message, forks into two columns, writes to one and to
both, and compares two models where there are two; what is read for each answer shows that earlier turns are not read
again. In the page as laid out it looks for what is too wide or too faint, for errors, and for anything asked of another
place. Exit 1 where something is amiss. Needs chromium on the path, and Python alone.
"""

import base64
import fcntl
import json
import os
import pathlib
import subprocess
import sys
import tempfile

KEYS = {"Enter": 13, "Escape": 27, "ArrowUp": 38}

LOOK = r"""(() => {
  const rgb = c => (c.match(/[\d.]+/g) || [0, 0, 0]).slice(0, 3).map(Number);
  const light = c => c.map(v => v / 255).map(v => v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
    .reduce((s, v, i) => s + v * [.2126, .7152, .0722][i], 0);
  const contrast = (a, b) => (Math.max(light(a), light(b)) + .05) / (Math.min(light(a), light(b)) + .05);
  const found = [], shown = e => e.textContent.trim().slice(0, 30);
  if (document.documentElement.scrollWidth > document.documentElement.clientWidth) found.push('the page is too wide');
  for (const e of document.querySelectorAll('p, h2, button, label, summary, footer, .memory, td')) {
    let back = e;
    while (back && getComputedStyle(back).backgroundColor === 'rgba(0, 0, 0, 0)') back = back.parentElement;
    const c = contrast(rgb(getComputedStyle(e).color), rgb(getComputedStyle(back || document.body).backgroundColor));
    if (shown(e) && c < 4.5) found.push('faint: ' + shown(e) + ' ' + c.toFixed(1));
  }
  for (const r of performance.getEntriesByType('resource'))
    if (!r.name.startsWith(location.origin)) found.push('asked elsewhere: ' + r.name);
  return found;
})()"""


class Browser:
    """Chromium, spoken to through two pipes."""

    def __init__(self):
        to_read, self.out = os.pipe()
        self.input, to_write = os.pipe()
        high = [fcntl.fcntl(fd, fcntl.F_DUPFD, 20) for fd in (to_read, to_write)]

        def pipes():
            os.dup2(high[0], 3)
            os.dup2(high[1], 4)

        self.folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self.process = subprocess.Popen(
            ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run",
             f"--user-data-dir={self.folder.name}", "--remote-debugging-pipe", "about:blank"],
            stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL, preexec_fn=pipes, close_fds=False)
        for fd in (to_read, to_write, *high):
            os.close(fd)
        self.held = b""
        self.number = 0
        self.errors = []
        self.session = None
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self.call(domain + ".enable")

    def call(self, method, **params):
        self.number += 1
        message = {"id": self.number, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.out, json.dumps(message).encode() + b"\0")
        while True:
            answer = self.next()
            if answer.get("id") == self.number:
                if "error" in answer:
                    sys.exit(f"{method}: {answer['error']}")
                return answer["result"]
            self.hear(answer)

    def next(self):
        while b"\0" not in self.held:
            piece = os.read(self.input, 1 << 16)
            if not piece:
                sys.exit("chromium has ended")
            self.held += piece
        one, self.held = self.held.split(b"\0", 1)
        return json.loads(one)

    def hear(self, event):
        params = event.get("params", {})
        if event.get("method") == "Runtime.exceptionThrown":
            self.errors.append(params["exceptionDetails"].get("exception", {}).get("description", "exception"))
        elif event.get("method") == "Log.entryAdded" and params["entry"]["level"] == "error":
            self.errors.append(params["entry"]["text"] + " " + params["entry"].get("url", ""))

    def js(self, script):
        result = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in result:
            sys.exit(f"{script}: {result['exceptionDetails']}")
        return result["result"].get("value")

    def until(self, condition, what):
        """Waits in the page, a minute at most."""
        if not self.js(f"new Promise(done => {{ let n = 0; const look = () => ({condition}) ? done(true)"
                       " : ++n > 3000 ? done(false) : setTimeout(look, 20); look(); })"):
            sys.exit("waited in vain: " + what)

    def key(self, key, alt=False):
        code = KEYS.get(key, ord(key.upper()) if len(key) == 1 else 0)
        named = key if key in KEYS else ("Digit" if key.isdigit() else "Key") + key.upper()
        for kind in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=key, code=named, windowsVirtualKeyCode=code,
                      modifiers=1 if alt else 0, **({"text": "\r"} if key == "Enter" and kind == "keyDown" else {}))

    def type(self, text):
        self.js("document.getElementById('text').focus()")
        self.call("Input.insertText", text=text)

    def screen(self, width, height, theme):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": theme}])

    def picture(self, path):
        path.write_bytes(base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"]))

    def close(self):
        self.process.kill()
        self.process.wait()


class Chat:
    """What the page shows, and what has been found amiss."""

    def __init__(self, browser):
        self.browser = browser
        self.found = []
        self.count = 0

    def check(self, right, what):
        self.count += 1
        if not right:
            self.found.append(what)
            print("amiss: " + what)

    def texts(self, column=0):
        return self.browser.js(f"[...document.querySelectorAll('#columns section')[{column}].querySelectorAll("
                               "'article p')].map(p => p.textContent)")

    def note(self, column=0):
        """Tokens that were read, of the prompt, and written for the last answer."""
        text = self.browser.js(f"[...document.querySelectorAll('#columns section')[{column}].querySelectorAll("
                               "'article footer')].at(-1).textContent")
        words = text.replace(",", "").split()
        at = words.index("read") if "read" in words else next(i for i, w in enumerate(words) if w.endswith("read"))
        return int(words[at + 1]), int(words[at + 3]), int(words[-1])

    def idle(self):
        self.browser.until("document.getElementById('send').textContent === 'Send'", "an answer's end")

    def say(self, text):
        self.browser.type(text)
        self.browser.key("Enter")
        self.idle()

    def set(self, field, value):
        self.browser.js(f"document.getElementById('{field}').value = '{value}'")

    def look(self, where):
        for line in self.browser.js(LOOK):
            self.check(False, f"{where}: {line}")


def talk(chat, browser):
    chat.set("tokens", 48)
    chat.set("temperature", 0)
    browser.js("""window.lengths = new Set(); new MutationObserver(() => {
        const last = [...document.querySelectorAll('article.assistant p')].at(-1);
        if (last) window.lengths.add(last.textContent.length); }).observe(document.getElementById('columns'),
        {subtree: true, childList: true, characterData: true})""")
    chat.say("Tell me of a town by the sea.")
    first = chat.texts()
    chat.check(len(first) == 2 and first[1], "an answer to the first message")
    chat.check(browser.js("window.lengths.size") > 2, "an answer that comes in pieces")
    read, prompt, wrote = chat.note()
    chat.check(read == prompt and 0 < wrote <= 48, f"all of the first prompt is read: {read} of {prompt}")
    chat.check(browser.js("document.querySelector('meter').value > 0"), "the gauge of the state")
    chat.check("held after" in browser.js("document.querySelector('.memory').textContent"), "what the gauge says")
    chat.say("And who lives there?")
    read, prompt, _ = chat.note()
    chat.check(read < prompt - 20, f"the second turn reads what is new: {read} of {prompt}")
    before = chat.texts()
    browser.key("r", alt=True)
    chat.idle()
    chat.check(chat.texts() == before, "the last answer drawn again, greedily, is the same")
    browser.key("ArrowUp")
    chat.check(browser.js("document.getElementById('text').value") == "And who lives there?", "the message to be edited")
    chat.check(len(chat.texts()) == 2, "the conversation before it")
    browser.js("document.getElementById('text').value = ''")
    chat.say("And who came there?")
    read, prompt, _ = chat.note()
    chat.check(read < prompt - 20, f"an edited message alone is read: {read} of {prompt}")
    chat.check(chat.texts()[:2] == before[:2], "the turn before it stays")


def stop(chat, browser):
    chat.set("tokens", 600)
    browser.type("Go on for long.")
    browser.key("Enter")
    browser.until("[...document.querySelectorAll('article.assistant p')].at(-1).textContent.length > 3", "some text")
    browser.key("Escape")
    chat.idle()
    note = browser.js("[...document.querySelectorAll('article footer')].at(-1).textContent")
    chat.check("stopped" in note, "an answer that is stopped says so")
    browser.key("ArrowUp")
    browser.js("document.getElementById('text').value = ''")
    chat.set("tokens", 48)


def fork(chat, browser):
    browser.key("f", alt=True)
    chat.check(len(browser.js("[...document.querySelectorAll('section')].map(s => 1)")) == 2, "two columns")
    chat.check(chat.texts(0) == chat.texts(1), "columns that begin the same")
    before = chat.texts(0)
    chat.say("What then?")
    chat.check(chat.texts(0) == before and len(chat.texts(1)) == len(before) + 2, "one column goes on alone")
    read, prompt, _ = chat.note(1)
    chat.check(read < prompt - 20, f"the fork reads what is new: {read} of {prompt}")
    browser.key("1", alt=True)
    chat.say("What if not?")
    chat.check(len(chat.texts(0)) == len(before) + 2, "the other column when it is chosen")
    browser.key("b", alt=True)
    chat.say("In the end?")
    chat.check(len(chat.texts(0)) == len(chat.texts(1)) == len(before) + 4, "a message to both")


def compare(chat, browser):
    chat.check(browser.js("document.querySelectorAll('select option').length") >= 2, "models to choose")
    browser.js("[...document.querySelectorAll('header button')].find(b => b.textContent === 'Compare').click()")
    chat.check(browser.js("document.querySelectorAll('select').length") == 2, "a model a column")
    chat.say("A last word?")
    chat.check(len(chat.texts(0)) == len(chat.texts(1)), "both models answer")
    chat.check(browser.js("document.querySelectorAll('meter').length") == 2, "a gauge a column")


def main():
    url = sys.argv[1]
    pictures = pathlib.Path(sys.argv[2]) if len(sys.argv) > 2 else None
    if pictures:
        pictures.mkdir(parents=True, exist_ok=True)
    browser = Browser()
    chat = Chat(browser)
    try:
        browser.screen(1200, 900, "light")
        browser.call("Page.navigate", url=url)
        browser.until("document.querySelector('section h2')", "the page")
        talk(chat, browser)
        stop(chat, browser)
        fork(chat, browser)
        names = ["fork"]
        for name in ("fork", "compare"):
            if name == "compare":
                browser.key("w", alt=True)
                chat.check(browser.js("document.querySelectorAll('section').length") == 1, "one column again")
                if browser.js("document.querySelectorAll('select option').length") < 2:
                    break
                compare(chat, browser)
                names.append(name)
            for width in (1200, 390):
                for theme in ("light", "dark"):
                    browser.screen(width, 900, theme)
                    chat.look(f"{name}, {width} px, {theme}")
                    if pictures:
                        browser.picture(pictures / f"{name}-{width}-{theme}.png")
            browser.screen(1200, 900, "light")
        for error in browser.errors:
            chat.check(False, "the browser says: " + error)
    finally:
        browser.close()
    print(f"{chat.count} checks, {len(chat.found)} amiss ({', '.join(names)})")
    sys.exit(1 if chat.found else 0)


if __name__ == "__main__":
    main()
