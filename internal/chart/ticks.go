package chart

import (
	"math"
	"slices"
)

const day = 24 * 3600

// times are steps of an axis of seconds.
var times = []float64{1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 2 * 3600, 4 * 3600, 6 * 3600, 12 * 3600, day}

// ticks returns the values at which an axis up to most is marked, from 0.
func ticks(most float64, seconds bool) []float64 {
	step := 1.0
	if most > 4 {
		power := math.Pow(10, math.Floor(math.Log10(most/4)))
		for _, f := range []float64{1, 2, 2.5, 5, 10} {
			if step = f * power; step == math.Trunc(step) && most <= 4*step {
				break
			}
		}
	}
	if seconds {
		step = math.Ceil(most/4/day) * day
		for _, t := range slices.Backward(times) {
			if most <= 4*t {
				step = t
			}
		}
	}
	list := []float64{0}
	for len(list) == 1 || list[len(list)-1] < most {
		list = append(list, step*float64(len(list)))
	}
	return list
}
