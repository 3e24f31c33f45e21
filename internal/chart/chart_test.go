package chart

import (
	"encoding/xml"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func write(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

// Whatever there is to draw, it is well-formed, says all of it, and has no
// number that is none, nor a style of its own.
func TestDraw(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := Chart{Kind: rapid.SampledFrom([]Kind{Lines, Bars, Heat}).Draw(t, "kind"), Title: rapid.StringMatching(`[<>&"' a-z]{0,9}`).Draw(t, "title"),
			Time: rapid.Bool().Draw(t, "time"), Format: write}
		slots := rapid.IntRange(0, 100).Draw(t, "slots")
		series := rapid.IntRange(1, 3).Draw(t, "series")
		if c.Kind == Heat {
			c.Rows, slots, series = []string{"<a>", "b"}, 48, 1
		}
		for i := range slots {
			c.Slots = append(c.Slots, Slot{Name: "<slot> " + strconv.Itoa(i), Label: "&", Href: rapid.SampledFrom([]string{"", "/a?b=c&d=\"e\""}).Draw(t, "href")})
		}
		value := rapid.OneOf(rapid.Just(math.NaN()), rapid.Just(0.0), rapid.Float64Range(0, 1e9))
		for range series {
			c.Series = append(c.Series, Series{"<b>", rapid.SliceOfN(value, slots, slots).Draw(t, "values")})
		}
		svg := c.SVG()
		for _, drawn := range []string{svg, c.File()} {
			d := xml.NewDecoder(strings.NewReader(drawn))
			titles := 0
			for {
				token, err := d.Token()
				if err == io.EOF {
					break
				}
				if err != nil {
					t.Fatalf("%v: %s", err, drawn)
				}
				if e, ok := token.(xml.StartElement); ok && e.Name.Local == "title" {
					titles++
				}
			}
			if titles != slots || strings.Contains(drawn, "NaN") || strings.Contains(drawn, "Inf") {
				t.Fatalf("%d of %d slots, in %s", titles, slots, drawn)
			}
		}
		if strings.Contains(svg, "style") {
			t.Fatal("the chart has a style of its own")
		}
	})
}

func TestTicks(t *testing.T) {
	for _, c := range []struct {
		most    float64
		seconds bool
		want    []float64
	}{
		{0, false, []float64{0, 1}},
		{3, false, []float64{0, 1, 2, 3}},
		{7, false, []float64{0, 2, 4, 6, 8}},
		{10, false, []float64{0, 5, 10}},
		{95, false, []float64{0, 25, 50, 75, 100}},
		{1234, false, []float64{0, 500, 1000, 1500}},
		{50, true, []float64{0, 15, 30, 45, 60}},
		{4000, true, []float64{0, 1800, 3600, 5400}},
		{10 * 86400, true, []float64{0, 3 * 86400, 6 * 86400, 9 * 86400, 12 * 86400}},
	} {
		if got := ticks(c.most, c.seconds); !slices.Equal(got, c.want) {
			t.Errorf("%g: got %v, want %v", c.most, got, c.want)
		}
	}
}
