// Package chart draws figures as SVG.
//
// What it draws has classes instead of colours, so that it follows the page's
// theme and needs no inline style, which the console's policy refuses. Each
// slot of a chart holds its values as text, for whoever points at it.
package chart

import (
	"fmt"
	"html"
	"math"
	"strconv"
	"strings"
)

// A Kind is a way of drawing.
type Kind int

// Kinds of charts.
const (
	Lines Kind = iota
	Bars       // those of a slot upon one another
	Heat       // slots in rows, each the darker the larger its value
)

// A Chart is figures to draw. Each series has one value for each slot.
type Chart struct {
	Kind   Kind
	Title  string
	Slots  []Slot
	Series []Series
	Rows   []string // of a heat map, from above; the slots are row by row
	Time   bool     // the values are seconds
	// Format writes a value for people.
	Format func(float64) string
}

// A Slot is a place on the horizontal axis.
type Slot struct {
	Key   string // for programs
	Name  string // in full
	Label string // under the axis
	Href  string // where it leads; perhaps ""
}

// Series are values, of which NaN is not known.
type Series struct {
	Name   string
	Values []float64
}

// The measures of a drawing.
const (
	width    = 640.0
	left     = 54.0
	right    = 10.0
	top      = 10.0
	plot     = 190.0 // height of what is between the axes
	bottom   = 28.0
	row      = 27.0 // height of a row of a heat map
	shades   = 8
	scale    = 20.0 // height of what says what a shade is
	labels   = 8    // at most, under the axis
	rowLabel = 44.0
)

// A drawing is SVG that is being written.
type drawing struct {
	*Chart
	strings.Builder
}

func (d *drawing) add(format string, args ...any) { fmt.Fprintf(d, format, args...) }

// n writes a coordinate. Adding 0 makes 0 of -0.
func n(v float64) string { return strconv.FormatFloat(math.Round(v*10)/10+0, 'f', -1, 64) }

// SVG returns the chart as an element of a page.
func (c *Chart) SVG() string {
	d := &drawing{Chart: c}
	class := [...]string{"lines", "bars", "heat"}[c.Kind]
	d.add(`<svg class="chart %s" viewBox="0 0 %s %s" tabindex="0" role="img" aria-label="%s. Arrow keys go through its values; they are in the table too." data-columns="%d">`,
		class, n(width), n(c.height()), html.EscapeString(c.Title), c.columns())
	d.draw()
	d.add("</svg>")
	return d.String()
}

// File returns the chart as a file of its own, with its title and what each
// colour is, in light and dark.
func (c *Chart) File() string {
	d := &drawing{Chart: c}
	h := c.height() + 62
	d.add(`<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="%s" viewBox="0 0 %s %s" width="%[2]s" height="%s"><style>%s</style><rect class="ground" width="100%%" height="100%%"/>`, html.EscapeString(c.Title), n(width), n(h), n(h), style)
	d.add(`<text class="title" x="12" y="24">%s</text><g transform="translate(0 34)">`, html.EscapeString(c.Title))
	d.draw()
	d.add("</g>")
	if c.Kind != Heat {
		x := left
		for i, s := range c.Series {
			d.add(`<rect class="key s%d" x="%s" y="%s" width="10" height="10" rx="2"/><text x="%s" y="%s">%s</text>`, i+1, n(x), n(h-20), n(x+15), n(h-11), html.EscapeString(s.Name))
			x += 40 + 7*float64(len(s.Name))
		}
	}
	d.add("</svg>")
	return d.String()
}

func (c *Chart) columns() int {
	if c.Kind == Heat {
		return len(c.Slots) / len(c.Rows)
	}
	return len(c.Slots)
}

func (c *Chart) height() float64 {
	if c.Kind == Heat {
		return row*float64(len(c.Rows)) + bottom + scale
	}
	return top + plot + bottom
}

func (d *drawing) draw() {
	if d.Kind == Heat {
		d.heat()
		return
	}
	ticks := ticks(d.most(), d.Time)
	most := ticks[len(ticks)-1]
	y := func(v float64) float64 { return top + plot - plot*v/most }
	for _, t := range ticks {
		d.add(`<line class="grid" x1="%s" x2="%s" y1="%s" y2="%[3]s"/><text class="tick" x="%s" y="%s">%s</text>`,
			n(left), n(width-right), n(y(t)), n(left-7), n(y(t)+4), html.EscapeString(d.Format(t)))
	}
	step := (width - left - right) / float64(max(len(d.Slots), 1))
	x := func(i int) float64 { return left + step*float64(i) }
	d.under(x, step, top+plot+19)
	if d.Kind == Bars {
		d.bars(x, y, step)
	} else {
		for i := range d.Series {
			d.line(i, func(i int) float64 { return x(i) + step/2 }, y)
		}
	}
	for i := range d.Slots {
		d.slot(i, x(i), top, step, plot, "slot")
	}
}

// most is the largest value that is drawn.
func (c *Chart) most() (most float64) {
	for i := range c.Slots {
		sum := 0.0
		for _, s := range c.Series {
			switch v := s.Values[i]; {
			case math.IsNaN(v):
			case c.Kind == Bars:
				sum += v
			default:
				sum = max(sum, v)
			}
		}
		most = max(most, sum)
	}
	return most
}

// under writes labels under the axis, as many as have room.
func (d *drawing) under(x func(int) float64, step, y float64) {
	every, written := max(1, (len(d.Slots)+labels-1)/labels), 0
	if len(d.Slots) <= 13 && d.longest()*7 < step {
		every = 1
	}
	for i, s := range d.Slots {
		if i%every != 0 {
			continue
		}
		class := "label"
		if written%2 == 1 {
			class += " minor" // there is no room for it on a phone
		}
		written++
		d.add(`<text class="%s" x="%s" y="%s">%s</text>`, class, n(x(i)+step/2), n(y), html.EscapeString(s.Label))
	}
}

func (c *Chart) longest() (most float64) {
	for _, s := range c.Slots {
		most = max(most, float64(len([]rune(s.Label))))
	}
	return most
}

func (d *drawing) bars(x func(int) float64, y func(float64) float64, step float64) {
	gap, round := min(step*0.25, 6), 2.0
	if step < 12 {
		round = 0
	}
	for i := range d.Slots {
		base := 0.0
		for k, s := range d.Series {
			v := s.Values[i]
			if math.IsNaN(v) || v == 0 {
				continue
			}
			d.add(`<rect class="s%d" x="%s" y="%s" width="%s" height="%s" rx="%s"/>`, k+1, n(x(i)+gap/2), n(y(base+v)), n(max(step-gap, 1)), n(max(y(base)-y(base+v), 0.5)), n(round))
			base += v
		}
	}
}

// line draws one series, with a gap where nothing is known.
func (d *drawing) line(k int, x func(int) float64, y func(float64) float64) {
	var path, dots strings.Builder
	pen := "M"
	for i, v := range d.Series[k].Values {
		if math.IsNaN(v) {
			pen = "M"
			continue
		}
		fmt.Fprintf(&path, "%s%s %s", pen, n(x(i)), n(y(v)))
		alone := pen == "M" && (i+1 == len(d.Slots) || math.IsNaN(d.Series[k].Values[i+1]))
		if alone || len(d.Slots) <= 31 {
			fmt.Fprintf(&dots, `<circle class="s%d" cx="%s" cy="%s" r="3"/>`, k+1, n(x(i)), n(y(v)))
		}
		pen = "L"
	}
	if path.Len() > 0 {
		d.add(`<path class="s%d" d="%s"/>`, k+1, path.String())
	}
	d.WriteString(dots.String())
}

func (d *drawing) heat() {
	columns := d.columns()
	step := (width - rowLabel - right) / float64(columns)
	values := d.Series[0].Values
	most := d.most()
	for r, name := range d.Rows {
		d.add(`<text class="tick" x="%s" y="%s">%s</text>`, n(rowLabel-7), n(row*float64(r)+18), html.EscapeString(name))
	}
	for i := range d.Slots {
		shade := 0
		if v := values[i]; v > 0 {
			shade = max(1, int(math.Ceil(shades*v/most)))
		}
		d.slot(i, rowLabel+step*float64(i%columns)+1, row*float64(i/columns)+1, step-2, row-2, fmt.Sprintf("slot h%d", shade))
	}
	for i := 0; i < columns; i += 3 {
		class := "label"
		if i%6 == 3 {
			class += " minor"
		}
		d.add(`<text class="%s" x="%s" y="%s">%s</text>`, class, n(rowLabel+step*(float64(i)+0.5)), n(row*float64(len(d.Rows))+18), html.EscapeString(d.Slots[i].Label))
	}
	y := row*float64(len(d.Rows)) + bottom + 4
	d.add(`<text class="tick" x="%s" y="%s">%s</text>`, n(rowLabel-7), n(y+10), html.EscapeString(d.Format(0)))
	for i := range shades + 1 {
		d.add(`<rect class="h%d" x="%s" y="%s" width="16" height="10" rx="2"/>`, i, n(rowLabel+1+18*float64(i)), n(y))
	}
	d.add(`<text x="%s" y="%s">%s</text>`, n(rowLabel+18*(shades+1)+6), n(y+10), html.EscapeString(d.Format(most)))
}

// slot draws what one points at.
func (d *drawing) slot(i int, x, y, w, h float64, class string) {
	s, href := d.Slots[i], ""
	if s.Href != "" {
		href = ` data-href="` + html.EscapeString(s.Href) + `"` // a link within what can be focused would be none to a screen reader
	}
	d.add(`<rect class="%s" x="%s" y="%s" width="%s" height="%s" rx="2"%s><title>%s`, class, n(x), n(y), n(w), n(h), href, html.EscapeString(s.Name))
	for _, series := range d.Series {
		d.add("\n%s: %s", html.EscapeString(series.Name), html.EscapeString(d.Value(series.Values[i])))
	}
	d.add("</title></rect>")
}

// Value writes a value, or that there is none.
func (c *Chart) Value(v float64) string {
	if math.IsNaN(v) {
		return "none"
	}
	return c.Format(v)
}
