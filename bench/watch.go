package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// watchRounds is how often the load goes once without and once with those who
// watch.
const watchRounds = 15

// A stretch is a part of a run.
type stretch struct {
	rate      float64 // durable webhooks a second
	processor float64 // of the gateway, in µs for each
	rows      float64 // that each of those who watched was shown a second
}

// measureWatched compares the same load without and with browsers that watch
// what passes. They take turns, in another order each time, so that what else
// the machine does meets both.
func (b *bench) measureWatched(ctx context.Context) error {
	g, err := b.serve(ctx, "2s")
	if err != nil {
		return err
	}
	defer g.stop()
	l := b.load(g.address, "/in/support")
	if _, err := b.stretch(ctx, g, l, 0); err != nil { // caches are cold
		return err
	}
	var list [2][]stretch // without and with
	var ratios []float64
	for round := range watchRounds {
		for i := range 2 {
			with := (i + round) % 2
			s, err := b.stretch(ctx, g, l, with*b.watchers)
			if err != nil {
				return err
			}
			list[with] = append(list[with], s)
		}
		ratios = append(ratios, list[1][round].rate/list[0][round].rate)
	}
	fmt.Printf("medians of %d rounds of %s each\n", watchRounds, b.watchTime())
	for i, who := range []string{"nobody watches:", fmt.Sprintf("%d browsers watch:", b.watchers)} {
		fmt.Printf("%-28s %9.0f   durable webhooks/s; %.1f µs of processor time for each; %.0f rows/s shown\n", who,
			median(list[i], func(s stretch) float64 { return s.rate }), median(list[i], func(s stretch) float64 { return s.processor }),
			median(list[i], func(s stretch) float64 { return s.rows }))
	}
	fmt.Printf("watched / not                %9.3f   from %.3f to %.3f\n", median(ratios, func(r float64) float64 { return r }), slices.Min(ratios), slices.Max(ratios))
	fmt.Printf("peak memory                  %9.1f   MB resident\n", g.peakMB())
	return nil
}

// watchTime is how long a stretch takes.
func (b *bench) watchTime() time.Duration { return b.duration / 10 }

func median[T any](list []T, of func(T) float64) float64 {
	var values []float64
	for _, v := range list {
		values = append(values, of(v))
	}
	slices.Sort(values)
	return values[len(values)/2]
}

// stretch puts load on the gateway for a while, with browsers that watch.
func (b *bench) stretch(ctx context.Context, g *gatewayProcess, l *load, watchers int) (s stretch, err error) {
	watching, leave := context.WithCancel(ctx)
	defer leave()
	a, err := gather(watching, "http://"+g.address, watchers)
	if err != nil {
		return s, err
	}
	run := func(d time.Duration) (accepted, refused int64, err error) {
		timed, cancel := context.WithTimeout(ctx, d)
		defer cancel()
		return l.run(timed)
	}
	if _, _, err := run(b.watchTime() / 4); err != nil { // what it takes to come is not what it takes to watch
		return s, err
	}
	before, began, rows := g.processor(), time.Now(), a.rows.Load()
	accepted, refused, err := run(b.watchTime())
	took := time.Since(began).Seconds()
	if refused > 0 || accepted == 0 {
		err = errors.Join(err, fmt.Errorf("%d webhooks were accepted, %d refused", accepted, refused))
	}
	s = stretch{float64(accepted) / took, float64((g.processor() - before).Microseconds()) / float64(accepted), float64(a.rows.Load()-rows) / took / float64(max(watchers, 1))}
	leave()
	return s, errors.Join(err, a.leave())
}
