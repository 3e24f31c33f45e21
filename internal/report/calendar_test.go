package report

import (
	"testing"
	"time"
)

// Every moment is in one unit, which begins on the clock where it should, also
// where clocks are put forward or back: over midnight, and by half an hour.
func TestCalendar(t *testing.T) {
	for _, c := range []struct {
		zone string
		year int
	}{{"UTC", 2026}, {"Europe/Berlin", 2026}, {"Australia/Lord_Howe", 2026}, {"Asia/Kathmandu", 2026}, {"America/Havana", 2026},
		{"Africa/Cairo", 2026}, {"America/Sao_Paulo", 2018}, {"Atlantic/Azores", 2026}} {
		zone, err := time.LoadLocation(c.zone)
		if err != nil {
			t.Fatal(err)
		}
		for _, by := range []Unit{Hour, Day, Week, Month} {
			at := start(time.Date(c.year, 1, 1, 0, 0, 0, 0, zone), by)
			for at.Year() <= c.year {
				after := next(at, by)
				last := after.Add(-quarter)
				if !start(at, by).Equal(at) || !start(last, by).Equal(at) || !at.Before(after) {
					t.Fatalf("%s: the %s from %s to %s: got starts %s and %s", c.zone, by, at, after, start(at, by), start(last, by))
				}
				ok := false
				switch by {
				case Hour:
					ok = at.Hour() == last.Hour() && after.Sub(at) <= time.Hour
				case Day:
					ok = at.Day() == last.Day()
				case Week:
					ok = at.Weekday() == time.Monday && last.Weekday() == time.Sunday && after.Sub(at) < 8*24*time.Hour
				case Month:
					ok = at.Day() == 1 && at.Month() == last.Month()
				}
				if !ok || (by != Hour && at.Add(-quarter).Day() == at.Day()) {
					t.Fatalf("%s: got a %s from %s to %s", c.zone, by, at, after)
				}
				at = after
			}
		}
	}
}
