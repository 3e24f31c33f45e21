package doctor

import (
	"fmt"
	"time"
)

// ago says how long something is past, to about a tenth.
func ago(d time.Duration) string {
	if d < time.Second {
		return "just now"
	}
	return span(d) + " ago"
}

func span(d time.Duration) string {
	for _, unit := range []struct {
		of   time.Duration
		name string
	}{{24 * time.Hour, "day"}, {time.Hour, "hour"}, {time.Minute, "minute"}, {time.Second, "second"}} {
		if d >= 2*unit.of || d >= unit.of && unit.of == time.Second {
			return count(int64(d/unit.of), unit.name)
		}
	}
	return "a moment"
}

// count writes how many of something there are.
func count(n int64, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
