package chart

import (
	"encoding/xml"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

var update = flag.Bool("update", false, "rewrite what is expected")

// chart returns one whose slots are called 0, 1 and so on.
func chart(kind Kind, series ...[]float64) *Chart {
	c := &Chart{Kind: kind, Title: "Messages", Format: write}
	for i, values := range series {
		c.Series = append(c.Series, Series{"series " + strconv.Itoa(i+1), values})
	}
	for i := range series[0] {
		c.Slots = append(c.Slots, Slot{Name: "slot " + strconv.Itoa(i), Label: strconv.Itoa(i)})
	}
	return c
}

// What a chart looks like: a change of these files is for somebody to look at.
func TestGolden(t *testing.T) {
	nan := math.NaN()
	heat := chart(Heat, []float64{0, 1, 8, nan})
	heat.Rows = []string{"Mon", "Tue"}
	hostile := chart(Bars, []float64{1})
	hostile.Title, hostile.Series[0].Name = `"><script>alert(1)</script>`, "</title>&"
	hostile.Slots[0] = Slot{Name: "<b>", Label: "'\"&", Href: `/?a="&b=<`}
	for name, c := range map[string]*Chart{
		"lines":   chart(Lines, []float64{0, 3, nan, 4, nan}, []float64{2, nan, nan, nan, 1}),
		"bars":    chart(Bars, []float64{0, 3, nan, 4}, []float64{2, 1, nan, 0}),
		"heat":    heat,
		"empty":   chart(Lines, []float64{}),
		"one":     chart(Lines, []float64{7}),
		"unknown": chart(Lines, []float64{nan, nan}),
		"hostile": hostile,
	} {
		got := strings.ReplaceAll(c.SVG(), "><", ">\n<") + "\n"
		path := filepath.Join("testdata", name+".svg")
		if *update {
			if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil || got != string(want) {
			t.Errorf("%s: got (%v)\n%s", name, err, got)
		}
	}
}

// An element is what a figure is drawn as, or what holds it as text.
type element struct {
	Class  string  `xml:"class,attr"`
	Y      float64 `xml:"y,attr"`
	Height float64 `xml:"height,attr"`
	CY     float64 `xml:"cy,attr"`
	Title  string  `xml:"title"`
}

// Every value stands where the axis says it does, and in its slot's text,
// however large the others are.
func TestFigures(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		value := rapid.OneOf(rapid.Just(math.Copysign(0, -1)), rapid.Float64Range(0, 10), rapid.Float64Range(0, 1e15))
		values := rapid.SliceOfN(value, 1, 31).Draw(t, "values")
		for _, kind := range []Kind{Lines, Bars} {
			c := chart(kind, values)
			var drawn struct {
				Rects   []element `xml:"rect"`
				Circles []element `xml:"circle"`
			}
			svg := c.SVG()
			if err := xml.Unmarshal([]byte(svg), &drawn); err != nil {
				t.Fatal(err)
			}
			axis := ticks(c.most(), false)
			high := func(v float64) float64 { return plot * v / axis[len(axis)-1] }
			var bars, slots []element
			for _, r := range drawn.Rects {
				if r.Class == "slot" {
					slots = append(slots, r)
				} else {
					bars = append(bars, r)
				}
			}
			at := 0
			for i, v := range values {
				if want := fmt.Sprintf("slot %d\nseries 1: %s", i, write(v)); slots[i].Title != want {
					t.Fatalf("got %q, want %q", slots[i].Title, want)
				}
				got := 0.0
				switch {
				case kind == Lines:
					got = top + plot - drawn.Circles[i].CY
				case v != 0:
					got = bars[at].Height
					at++
				}
				if math.Abs(got-high(v)) > 0.6 { // no bar is thinner than half a pixel
					t.Fatalf("%v: %g is drawn %g high, want %g", kind, v, got, high(v))
				}
			}
			if at != len(bars) || strings.Contains(svg, `"-`) {
				t.Fatalf("%d bars of %d, in %s", at, len(bars), svg)
			}
		}
	})
}

// The largest value of a heat map has the darkest shade, and nothing but zero
// and what is unknown the lightest.
func TestShades(t *testing.T) {
	c := chart(Heat, []float64{0, 0.001, 50, 100, math.NaN(), 13})
	c.Rows = []string{"a", "b"}
	svg := c.SVG()
	for i, shade := range []int{0, 1, 4, 8, 0, 2} {
		if want := fmt.Sprintf(`<rect class="slot h%d"`, shade); !strings.Contains(slotOf(svg, i), want) {
			t.Errorf("slot %d: got %s, want %s", i, slotOf(svg, i), want)
		}
	}
}

// slotOf returns what is drawn of a slot.
func slotOf(svg string, i int) string {
	before, _, _ := strings.Cut(svg, "<title>slot "+strconv.Itoa(i)+"\n")
	return before[strings.LastIndex(before, "<rect"):]
}

// What is drawn can be told from the ground by those who see less: text at
// 4.5:1, and shapes at 3:1, as WCAG 2.2 has it (1.4.3 and 1.4.11).
func TestContrast(t *testing.T) {
	for _, p := range painted {
		least := 3.0
		switch {
		case p.class == "text" || p.class == ".title":
			least = 4.5
		case p.class != ".h8" && strings.HasPrefix(p.class, ".h"), p.class == ".ground", p.class == ".grid":
			continue // shades say little beside their text, and the grid nothing
		}
		for _, c := range [][2]string{{p.light, painted[0].light}, {p.dark, painted[0].dark}} {
			if got := contrast(t, c[0], c[1]); got < least {
				t.Errorf("%s: %s on %s has a contrast of %.2f, want %g", p.class, c[0], c[1], got, least)
			}
		}
	}
}

func contrast(t *testing.T, a, b string) float64 {
	light, dark := luminance(t, a), luminance(t, b)
	return (max(light, dark) + 0.05) / (min(light, dark) + 0.05)
}

// luminance is WCAG's relative luminance of #rrggbb.
func luminance(t *testing.T, colour string) (sum float64) {
	t.Helper()
	for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
		v, err := strconv.ParseUint(colour[1+2*i:3+2*i], 16, 8)
		if err != nil {
			t.Fatal(err)
		}
		c := float64(v) / 255
		if c <= 0.04045 {
			c /= 12.92
		} else {
			c = math.Pow((c+0.055)/1.055, 2.4)
		}
		sum += weight * c
	}
	return sum
}
