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

// Figures are compared with those of the same hours of the clock, just before.
func TestBefore(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	at := func(month time.Month, day, hour int) time.Time {
		return time.Date(2026, month, day, hour, 0, 0, 0, berlin)
	}
	for _, c := range []struct {
		name                                   string
		since, until, beforeSince, beforeUntil time.Time
	}{
		{"half a day", at(3, 4, 0), at(3, 4, 14), at(3, 3, 0), at(3, 3, 14)},
		{"a day", at(3, 4, 0), at(3, 5, 0), at(3, 3, 0), at(3, 4, 0)},
		{"over a night", at(3, 4, 20), at(3, 5, 6), at(3, 3, 20), at(3, 4, 6)},
		{"seven days, the last not over", at(3, 10, 0), at(3, 16, 9), at(3, 3, 0), at(3, 9, 9)},
		{"the day on which clocks are put forward", at(3, 29, 0), at(3, 30, 0), at(3, 28, 0), at(3, 29, 0)},
		{"the day on which they are put back", at(10, 25, 0), at(10, 26, 0), at(10, 24, 0), at(10, 25, 0)},
		{"a quarter of a year", at(1, 1, 0), at(4, 1, 0), time.Date(2025, 10, 3, 0, 0, 0, 0, berlin), at(1, 1, 0)},
	} {
		q := Query{Since: c.since, Until: c.until, Zone: berlin}
		if since, until := q.before(); !since.Equal(c.beforeSince) || !until.Equal(c.beforeUntil) {
			t.Errorf("%s: got %s to %s, want %s to %s", c.name, since, until, c.beforeSince, c.beforeUntil)
		}
	}
}
