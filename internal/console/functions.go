package console

import (
	"fmt"
	"html/template"
	"math"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/language"
	"golang.org/x/text/message"
)

// functions are what templates can use.
var functions = template.FuncMap{
	"time":         timeElement,
	"address":      address,
	"between":      between,
	"clock":        clockElement,
	"number":       number,
	"duration":     duration,
	"seconds":      func(s float64) string { return duration(seconds(s)) },
	"conversation": func(workspace, source, id string) string { return conversationURL(workspace, source, id, 0) },
	"numbered":     conversationURL,
	"rounded":      func(f float64) string { return number(int64(math.Round(f))) },
	"percent":      func(f float64) string { return strconv.FormatFloat(100*f, 'f', 1, 64) + " %" },
	"lower":        strings.ToLower,
	"asset":        asset,
	"dict":         dict,
	"list":         func(v ...string) []string { return v },
}

// address returns an e-mail address, or whatever else names somebody, that is
// broken where people would break it.
func address(s string) template.HTML {
	s = template.HTMLEscapeString(s)
	if strings.Contains(s, "@") {
		s = strings.NewReplacer("@", "@<wbr>", ".", ".<wbr>").Replace(s)
	}
	return template.HTML(`<span class="address">` + s + `</span>`)
}

// timeElement returns a time as an element that the browser shows in its own
// zone, and in UTC without a script.
func timeElement(t time.Time) template.HTML {
	if t.IsZero() {
		return `<span class="dim">never</span>`
	}
	return template.HTML(fmt.Sprintf(`<time datetime="%s">%s UTC</time>`, t.UTC().Format("2006-01-02T15:04:05.000Z"), t.UTC().Format("2006-01-02 15:04:05")))
}

// clockElement returns the time of a day likewise.
func clockElement(t time.Time) template.HTML {
	return template.HTML(fmt.Sprintf(`<time datetime="%s" data-clock>%s UTC</time>`, t.UTC().Format("2006-01-02T15:04:05.000Z"), t.UTC().Format("15:04:05")))
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

var english = message.NewPrinter(language.English)

// number writes a number with its thousands apart.
func number(n any) string {
	if _, ok := n.(float64); ok {
		return english.Sprintf("%.1f", n)
	}
	return english.Sprintf("%d", n)
}

// duration writes a duration as people say it: 45s, 3m 20s, 2h 5m, 3d 4h.
func duration(d time.Duration) string {
	switch s := int64(d.Round(time.Second) / time.Second); {
	case d == 0:
		return "0s"
	case d < 10*time.Millisecond:
		return strconv.FormatFloat(d.Seconds()*1000, 'f', 1, 64) + "ms"
	case d < time.Second:
		return strconv.FormatInt(d.Milliseconds(), 10) + "ms"
	case s < 60:
		return fmt.Sprintf("%ds", s)
	case s < 3600:
		return units(s/60, "m", s%60, "s")
	case s < 48*3600:
		return units(s/3600, "h", s/60%60, "m")
	default:
		return units(s/86400, "d", s/3600%24, "h")
	}
}

func units(n int64, unit string, rest int64, of string) string {
	if rest == 0 {
		return fmt.Sprint(n, unit)
	}
	return fmt.Sprintf("%d%s %d%s", n, unit, rest, of)
}

// between writes a period: as days if it is of whole days.
func between(since, until time.Time) string {
	const day = "Mon 2 January 2006"
	last := until.Add(-time.Nanosecond)
	switch hm := "15:04"; {
	case since.Format(hm) != "00:00" || until.Format(hm) != "00:00":
		return since.Format(day+", "+hm) + " to " + until.Format(day+", "+hm)
	case since.Format(day) == last.Format(day):
		return since.Format(day)
	default:
		return since.Format(day) + " to " + last.Format(day)
	}
}

// dict gives a template several values: pairs of a name and a value.
func dict(pairs ...any) (map[string]any, error) {
	m := make(map[string]any, len(pairs)/2)
	for i := 0; i+1 < len(pairs); i += 2 {
		name, ok := pairs[i].(string)
		if !ok {
			return nil, fmt.Errorf("console: BUG: dict: %v is no name", pairs[i])
		}
		m[name] = pairs[i+1]
	}
	return m, nil
}
