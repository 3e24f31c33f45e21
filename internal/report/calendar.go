package report

import "time"

// start returns when the unit began in which t is, in t's zone.
func start(t time.Time, by Unit) time.Time {
	y, m, d := t.Date()
	switch by {
	case Hour:
		return hour(t)
	case Week:
		d -= (int(t.Weekday()) + 6) % 7
	case Month:
		d = 1
	}
	return midnight(y, m, d, t.Location())
}

// next returns when the unit after that which begins at t begins.
func next(t time.Time, by Unit) time.Time {
	y, m, d := t.Date()
	switch by {
	case Hour:
		after := t.Add(quarter)
		for hour(after).Equal(t) {
			after = after.Add(quarter)
		}
		return after
	case Week:
		d += 7
	case Month:
		m++
	default:
		d++
	}
	return midnight(y, m, d, t.Location())
}

// midnight returns when a day begins. Clocks may be put forward over its first
// hour, or back over it.
func midnight(y int, m time.Month, d int, zone *time.Location) time.Time {
	day := time.Date(y, m, d, 12, 0, 0, 0, time.UTC).Day()
	t := time.Date(y, m, d, 0, 0, 0, 0, zone)
	for t.Day() != day {
		t = t.Add(quarter)
	}
	for t.Add(-quarter).Day() == day {
		t = t.Add(-quarter)
	}
	return t
}

// hour returns when the hour of the clock began in which t is, or the clock was
// put in it.
func hour(t time.Time) time.Time {
	t = down(t)
	_, offset := t.Zone()
	for range 3 {
		before := t.Add(-quarter)
		if _, o := before.Zone(); o != offset || before.Hour() != t.Hour() {
			break
		}
		t = before
	}
	return t
}
