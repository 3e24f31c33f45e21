package console

import (
	"fmt"
	"html/template"
	"math"
	"strings"
	"time"

	"github.com/parlance-chat/parlance/internal/chart"
	"github.com/parlance-chat/parlance/internal/report"
)

// A chartView is a chart with its values as a table, and where to download it.
type chartView struct {
	chart.Chart
	Name  string
	Axis  string // what the slots are
	Help  []report.Metric
	Empty bool
	Of    []option // what a heat map may show instead

	Drawn template.HTML
	Head  []string
	Rows  []tableRow
	Files []link
}

// finish draws the chart.
func (c *chartView) finish(query string) {
	c.Drawn = template.HTML(c.SVG())
	for _, kind := range []string{"csv", "svg"} {
		c.Files = append(c.Files, link{Href: "/reports/" + c.Name + "." + kind + "?" + query, Name: strings.ToUpper(kind)})
	}
	c.Empty = true
	for _, s := range c.Series {
		for _, v := range s.Values {
			c.Empty = c.Empty && (math.IsNaN(v) || v == 0)
		}
	}
	if c.Kind == chart.Heat {
		c.matrix()
		return
	}
	c.Head = []string{c.Axis}
	for _, s := range c.Series {
		c.Head = append(c.Head, s.Name)
	}
	for i, slot := range c.Slots {
		r := tableRow{Name: slot.Name, Href: slot.Href}
		for _, s := range c.Series {
			r.Cells = append(r.Cells, c.Value(s.Values[i]))
		}
		c.Rows = append(c.Rows, r)
	}
}

// matrix is the table of a heat map.
func (c *chartView) matrix() {
	c.Head = []string{c.Axis}
	for i := range 24 {
		c.Head = append(c.Head, fmt.Sprintf("%02d", i))
	}
	for day, name := range c.Chart.Rows {
		r := tableRow{Name: name}
		for hour := range 24 {
			r.Cells = append(r.Cells, c.Value(c.Series[0].Values[day*24+hour]))
		}
		c.Rows = append(c.Rows, r)
	}
}

// raw is the chart as it is downloaded.
func (c *chartView) raw() [][]string {
	head := []string{c.Axis}
	for _, s := range c.Series {
		head = append(head, s.Name)
	}
	out := [][]string{head}
	for i, slot := range c.Slots {
		line := []string{slot.Key}
		for _, s := range c.Series {
			if math.IsNaN(s.Values[i]) {
				line = append(line, "")
				continue
			}
			line = append(line, plainNumber(s.Values[i]))
		}
		out = append(out, line)
	}
	return out
}

func (v *reportView) charts(q *request) []chartView {
	slots := v.slots(q)
	over := func(kind chart.Kind, name, title string, help []report.Metric, series ...chart.Series) chartView {
		return chartView{Chart: chart.Chart{Kind: kind, Title: title, Slots: slots, Series: series, Format: writeNumber}, Name: name, Axis: string(v.By), Help: help}
	}
	median := func(name, title, key string) chartView {
		c := over(chart.Lines, name, title, metrics(key),
			v.series("Median", func(f *report.Figures) float64 { return measured(lengths(f)[key], lengths(f)[key].Median) }),
			v.series("9 in 10 within", func(f *report.Figures) float64 { return measured(lengths(f)[key], lengths(f)[key].P90) }))
		c.Time, c.Format = true, writeTime
		return c
	}
	return []chartView{
		over(chart.Lines, "conversations", "Conversations", metrics("started", "closings"),
			v.series("Started", func(f *report.Figures) float64 { return float64(f.Started) }), v.series("Ended", func(f *report.Figures) float64 { return float64(f.Closings) })),
		over(chart.Bars, "messages", "Messages", metrics("sent", "received", "bot_received"),
			v.series("Customers", func(f *report.Figures) float64 { return float64(f.Sent) }), v.series("People", func(f *report.Figures) float64 { return float64(f.Received) }),
			v.series("Bots", func(f *report.Figures) float64 { return float64(f.BotReceived) })),
		median("first-response", "First response time", "first_response"),
		median("response", "Response time", "response"),
		spread("first-response-spread", "First responses by how long they took", "first_response", v.Figures.FirstResponse),
		spread("response-spread", "Responses by how long they took", "response", v.Figures.Response),
		spread("duration-spread", "Conversations by how long they took", "duration", v.Figures.Duration),
		v.heat(),
	}
}

func measured(t report.Times, v float64) float64 {
	if t.Count == 0 {
		return math.NaN()
	}
	return v
}

func (v *reportView) series(name string, of func(*report.Figures) float64) chart.Series {
	s := chart.Series{Name: name}
	for i := range v.Series {
		s.Values = append(s.Values, of(&v.Series[i].Figures))
	}
	return s
}

// slots are the steps of the report.
func (v *reportView) slots(q *request) (list []chart.Slot) {
	for i, s := range v.Series {
		end := v.Until
		if i+1 < len(v.Series) {
			end = v.Series[i+1].Start
		}
		at := s.Start
		one := chart.Slot{Key: at.Format(time.DateOnly), Name: at.Format("Monday, 2 January 2006"), Label: at.Format("2 Jan"), Href: v.list(q, at, end)}
		switch v.By {
		case report.Hour:
			one.Key, one.Name, one.Label = at.Format(time.RFC3339), at.Format("Monday, 2 January, 15:04"), at.Format("15:04")
			if at.Hour() == 0 {
				one.Label = at.Format("2 Jan")
			}
		case report.Week:
			one.Name = at.Format("Week from 2 January 2006")
		case report.Month:
			one.Name, one.Label = at.Format("January 2006"), at.Format("Jan 2006")
		}
		list = append(list, one)
	}
	return list
}

// spread shows how many took how long.
func spread(name, title, key string, t report.Times) chartView {
	c := chartView{Chart: chart.Chart{Kind: chart.Bars, Title: title, Format: writeNumber, Series: []chart.Series{{Name: "How many"}}}, Name: name, Axis: "time", Help: metrics(key)}
	edges := append([]float64{0}, report.Edges[:]...)
	for i, from := range edges {
		one := chart.Slot{Key: "from " + plainNumber(from) + " s", Name: "From " + writeTime(from), Label: "≥ " + writeTime(from)}
		if i+1 < len(edges) {
			one.Name += " to " + writeTime(edges[i+1])
			one.Label = "< " + writeTime(edges[i+1])
		}
		n := 0.0
		if t.Spread != nil {
			n = float64(t.Spread[i])
		}
		c.Slots = append(c.Slots, one)
		c.Series[0].Values = append(c.Series[0].Values, n)
	}
	return c
}

var heatChoices = []option{{"", "conversations started"}, {"sent", "messages of customers"}, {"received", "messages of us"}, {"first_response", "median first response"}}

// heat shows the hours of the week, from Monday.
func (v *reportView) heat() chartView {
	c := chartView{Chart: chart.Chart{Kind: chart.Heat, Title: "Busiest hours", Format: writeNumber, Series: []chart.Series{{Name: "Started"}}}, Name: "hours", Axis: "hour",
		Of: heatChoices, Help: metrics("started")}
	of := func(h report.Heat) float64 { return float64(h.Started) }
	switch v.HeatOf {
	case "sent":
		c.Series[0].Name, c.Help, of = "Messages of customers", metrics("sent"), func(h report.Heat) float64 { return float64(h.Sent) }
	case "received":
		c.Series[0].Name, c.Help, of = "Messages of people and bots", metrics("received", "bot_received"), func(h report.Heat) float64 { return float64(h.Received) }
	case "first_response":
		c.Series[0].Name, c.Help, of = "Median first response", metrics("first_response"), func(h report.Heat) float64 { return measured(h.FirstResponse, h.FirstResponse.Median) }
		c.Title, c.Format, c.Time = "Slowest hours", writeTime, true
	}
	for i := range 7 {
		day := time.Weekday((i + 1) % 7)
		c.Chart.Rows = append(c.Chart.Rows, day.String()[:3])
		for hour := range 24 {
			name := fmt.Sprintf("%s, %02d:00 to %02d:00", day, hour, hour+1)
			c.Slots = append(c.Slots, chart.Slot{Key: fmt.Sprintf("%s %02d:00", day, hour), Name: name, Label: fmt.Sprintf("%02d", hour)})
			c.Series[0].Values = append(c.Series[0].Values, of(v.Heat[day][hour]))
		}
	}
	return c
}
