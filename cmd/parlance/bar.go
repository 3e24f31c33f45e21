package main

import (
	"fmt"
	"io"
	"strings"
)

// A bar shows how far something got, on a terminal.
type bar struct {
	out      io.Writer
	terminal bool
	begun    bool // its line
}

func newBar(w io.Writer) *bar { return &bar{out: w, terminal: terminal(w)} }

func (b *bar) show(done, all int) {
	if !b.terminal {
		return
	}
	const width = 40
	all = max(all, done, 1) // what was counted may have grown since
	full := width * done / all
	b.begun = true
	fmt.Fprintf(b.out, "\r[%s%s] %d of %d", strings.Repeat("=", full), strings.Repeat(" ", width-full), done, all)
}

// count shows how much was found, while nobody knows how much there is.
func (b *bar) count(n int) {
	if b.terminal && n%1000 == 0 {
		b.begun = true
		fmt.Fprintf(b.out, "\rreading: %d", n)
	}
}

// end ends the line, if one was begun.
func (b *bar) end() {
	if b.begun {
		fmt.Fprintln(b.out)
	}
	b.begun = false
}
