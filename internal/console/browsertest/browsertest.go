// Package browsertest drives a real Chromium through the console's pages, for
// tests.
package browsertest

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	goruntime "runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"github.com/parlance-chat/parlance/internal/npmtest"
)

// patience bounds what a test waits for on a page. Machines are slow at times.
const patience = 2 * time.Minute

// A Tab is one tab of a browser. Whatever a page complains of in its console,
// such as a script that its Content-Security-Policy refuses, fails the test.
type Tab struct {
	t    *testing.T
	ctx  context.Context
	base string // the gateway's address
	// expects is set once a page may complain.
	expects atomic.Bool
}

// Open opens a tab in a browser of its own. Where there is no Chromium the
// test is skipped, but in CI it fails.
func Open(t *testing.T, base string) *Tab {
	t.Helper()
	program := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			program = path
			break
		}
	}
	if program == "" {
		if os.Getenv("CI") == "true" {
			t.Fatal("Chromium is not installed, and in CI nothing skips")
		}
		t.Skip("Chromium is not installed: pages are not tried in a browser")
	}
	options := []chromedp.ExecAllocatorOption{chromedp.ExecPath(program), chromedp.WSURLReadTimeout(patience)}
	if os.Geteuid() == 0 {
		options = append(options, chromedp.NoSandbox) // it refuses to run as root with one
	}
	ctx, leave := chromedp.NewContext(context.Background(), chromedp.WithAllocatorOptions(options...))
	t.Cleanup(leave)
	tab := &Tab{t: t, ctx: ctx, base: base}
	if err := chromedp.Listen(ctx, tab.heard); err != nil {
		t.Fatal(err)
	}
	if _, err := chromedp.Call(ctx, log.Enable, cdp.Empty{}); err != nil {
		t.Fatal(err)
	}
	tab.size(wide)
	return tab
}

// heard fails the test if a page complains.
func (tab *Tab) heard(event any) {
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		tab.t.Errorf("a page's script: %s %s", e.ExceptionDetails.Text, e.ExceptionDetails.URL)
	case *log.EventEntryAdded:
		expected := tab.expects.Load() && strings.HasPrefix(e.Entry.Text, "Failed to load resource")
		if e.Entry.Level == log.EntryLevelError && !expected {
			tab.t.Errorf("a page complains: %s (%s)", e.Entry.Text, e.Entry.URL)
		}
	}
}

// ExpectComplaints has the tab bear pages that answer with an error, as they are
// meant to, from now on.
func (tab *Tab) ExpectComplaints() { tab.expects.Store(true) }

// Do does actions, and fails the test if they do not come to an end.
func (tab *Tab) Do(actions ...chromedp.Action[chromedp.Void]) {
	tab.t.Helper()
	ctx, cancel := context.WithTimeout(tab.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		tab.t.Fatal(err)
	}
}

// Go opens a page.
func (tab *Tab) Go(path string) {
	tab.t.Helper()
	tab.Do(chromedp.Navigate(tab.base+path), chromedp.WaitReady(chromedp.CSS("#main")))
}

// Shows reports whether something that a CSS selector finds has a text in it,
// and can be seen. A page of which only the beginning has come shows nothing.
func (tab *Tab) Shows(selector, text string) bool {
	script := fmt.Sprintf(`document.readyState !== 'loading' && [...document.querySelectorAll(%q)].some(e => e.textContent.includes(%q) && e.checkVisibility())`, selector, text)
	ctx, cancel := context.WithTimeout(tab.ctx, patience)
	defer cancel()
	ok, err := chromedp.Run(ctx, chromedp.Evaluate[bool](script))
	return err == nil && ok // else the page may be loading
}

// See waits until the page shows a text.
func (tab *Tab) See(selector, text string) {
	tab.t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if tab.Shows(selector, text) {
			return
		}
	}
	tab.t.Fatalf("%s shows no %q; the page: %s", selector, text, tab.Text("main"))
}

// SeeAt opens a page until it shows a text: one that does not change by itself.
func (tab *Tab) SeeAt(path, selector, text string) {
	tab.t.Helper()
	tab.Go(path)
	for end := time.Now().Add(patience); !tab.Shows(selector, text) && time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		tab.Go(path)
	}
	tab.See(selector, text)
}

// loaded waits until the page's scripts have run: what is done before that
// nobody hears. A form that was just sent may still show the page before it, so
// see something of the next one first.
func (tab *Tab) loaded() {
	tab.t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		ctx, cancel := context.WithTimeout(tab.ctx, patience)
		ok, err := chromedp.Run(ctx, chromedp.Evaluate[bool](`document.readyState === 'complete'`))
		cancel()
		if ok && err == nil {
			return
		}
	}
	tab.t.Fatal("the page does not come to rest")
}

// Click clicks on the first thing that a CSS selector finds.
func (tab *Tab) Click(selector string) {
	tab.t.Helper()
	tab.loaded()
	tab.Do(chromedp.Click(chromedp.CSS(selector), chromedp.NodeVisible))
}

// Type writes into a field in place of what is there. A line feed at the end
// presses Enter. A script of the page may replace the field meanwhile, if it
// gives the new one the focus.
func (tab *Tab) Type(selector, text string) {
	tab.t.Helper()
	tab.loaded()
	Eval[any](tab, fmt.Sprintf(`{const e = document.querySelector(%q); e.value = ""; e.focus()}`, selector))
	tab.Do(chromedp.KeyEvent(text))
}

// Press gives the first thing that a CSS selector finds the focus, and presses a
// key there, which is one of package kb.
func (tab *Tab) Press(selector, key string) {
	tab.t.Helper()
	tab.loaded()
	Eval[any](tab, fmt.Sprintf(`document.querySelector(%q).focus()`, selector))
	tab.Do(chromedp.KeyEvent(key))
}

// Hover points at the middle of the last thing that a CSS selector finds.
func (tab *Tab) Hover(selector string) {
	tab.t.Helper()
	tab.loaded()
	at := Eval[[]float64](tab, fmt.Sprintf(`(() => { const e = [...document.querySelectorAll(%q)].at(-1); e.scrollIntoView({block: 'center'});
		const r = e.getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2]; })()`, selector))
	tab.Do(chromedp.MouseEvent(input.DispatchMouseEventTypeMouseMoved, at[0], at[1]))
}

// Choose chooses a value of a select element.
func (tab *Tab) Choose(selector, value string) {
	tab.t.Helper()
	tab.loaded()
	Eval[any](tab, fmt.Sprintf(`{const s = document.querySelector(%q); s.value = %q; s.dispatchEvent(new Event('change', {bubbles: true}))}`, selector, value))
}

// Text returns the text of the first thing that a CSS selector finds.
func (tab *Tab) Text(selector string) string {
	tab.t.Helper()
	return Eval[string](tab, fmt.Sprintf(`document.querySelector(%q)?.innerText ?? "(there is no "+%q+")"`, selector, selector))
}

// Eval runs a script, and returns what it returns or promises.
func Eval[T any](tab *Tab, script string) T {
	tab.t.Helper()
	ctx, cancel := context.WithTimeout(tab.ctx, patience)
	defer cancel()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](script, chromedp.EvalAwaitPromise))
	if err != nil {
		tab.t.Fatal(err)
	}
	return v
}

// The widths of a window: on a desk, and on a phone.
const (
	wide  = 1360
	phone = 390
)

func (tab *Tab) size(width int64) {
	tab.t.Helper()
	tab.Do(chromedp.EmulateViewport(width, 900))
}

func (tab *Tab) media(scheme string) {
	tab.t.Helper()
	features := []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"}}
	if _, err := chromedp.Call(tab.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: features}); err != nil {
		tab.t.Fatal(err)
	}
}

// Shots takes pictures of the page, light and dark, wide and as on a phone, and
// looks whether everybody can use it so. Run the test with -artifacts to keep
// the pictures.
func (tab *Tab) Shots(name string) {
	tab.t.Helper()
	for suffix, width := range map[string]int64{"wide": wide, "phone": phone} {
		tab.size(width)
		tab.overflow(name, width)
		for _, scheme := range []string{"light", "dark"} {
			tab.media(scheme)
			tab.accessible(name + " " + suffix + " " + scheme)
			ctx, cancel := context.WithTimeout(tab.ctx, patience)
			picture, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
			cancel()
			if err == nil {
				err = os.WriteFile(filepath.Join(tab.t.ArtifactDir(), name+"-"+suffix+"-"+scheme+".png"), picture, 0o644)
			}
			if err != nil {
				tab.t.Fatal(err)
			}
		}
	}
	tab.size(wide)
	tab.media("light")
}

// overflow fails the test if one has to scroll sideways to read the page.
func (tab *Tab) overflow(name string, width int64) {
	tab.t.Helper()
	over := Eval[int](tab, `document.documentElement.scrollWidth - document.documentElement.clientWidth`)
	if over > 0 {
		tab.t.Errorf("%s: at a width of %d the page is %d wider", name, width, over)
	}
}

// accessible fails the test if axe-core finds a serious problem.
func (tab *Tab) accessible(name string) {
	tab.t.Helper()
	if !Eval[bool](tab, `'axe' in window`) {
		script, err := os.ReadFile(filepath.Join(npmtest.Install(tab.t, axe()), "node_modules", "axe-core", "axe.min.js"))
		if err != nil {
			tab.t.Fatal(err)
		}
		Eval[any](tab, string(script)+"; true")
	}
	type problem struct{ ID, Help, Impact, Where string }
	found := Eval[[]problem](tab, `axe.run().then(r => r.violations.filter(v => v.impact === 'serious' || v.impact === 'critical')
		.map(v => ({ID: v.id, Help: v.help, Impact: v.impact, Where: v.nodes.slice(0, 3).map(n => n.html.slice(0, 200)).join(' ')})))`)
	for _, p := range found {
		tab.t.Errorf("%s: %s: %s (%s): %s", name, p.Impact, p.Help, p.ID, p.Where)
	}
}

// axe is where the package of npm is that judges.
func axe() string {
	_, file, _, _ := goruntime.Caller(0)
	return filepath.Join(filepath.Dir(file), "axe")
}
