// Package phrase writes numbers, spans of time and names as people say them.
package phrase

import (
	"fmt"
	"time"
)

// Ago says how long something is past, roughly.
func Ago(d time.Duration) string {
	if d < time.Second {
		return "just now"
	}
	return Span(d) + " ago"
}

// Span says how long something takes, roughly.
func Span(d time.Duration) string {
	for _, unit := range []struct {
		of   time.Duration
		name string
	}{{24 * time.Hour, "day"}, {time.Hour, "hour"}, {time.Minute, "minute"}, {time.Second, "second"}} {
		if d >= 2*unit.of || d >= unit.of && unit.of == time.Second {
			return Count(int64(d/unit.of), unit.name)
		}
	}
	return "a moment"
}

// Count says how many of something there are.
func Count(n int64, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// There says which names there are, after one that is not.
func There(names []string) string {
	if len(names) == 0 {
		return "there is none"
	}
	return fmt.Sprintf("there are %q", names)
}
