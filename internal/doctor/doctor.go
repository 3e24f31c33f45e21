// Package doctor says in plain words how a gateway, its sources and its
// destinations are.
package doctor

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/parlance-chat/parlance/destination"
)

// A Part is what was found about one part of a gateway.
type Part struct {
	Kind     string                `json:"kind"` // gateway, source, destination or website
	Name     string                `json:"name,omitempty"`
	Type     string                `json:"type,omitempty"`
	Findings []destination.Finding `json:"findings"`
}

// Add adds a finding, if it says anything.
func (p *Part) Add(list ...destination.Finding) {
	for _, f := range list {
		if f.Text != "" {
			p.Findings = append(p.Findings, f)
		}
	}
}

// Worst returns the level of the worst finding.
func (p *Part) Worst() (worst destination.Level) {
	for _, f := range p.Findings {
		worst = max(worst, f.Level)
	}
	return worst
}

// Sort puts what is worst first.
func Sort(parts []Part) {
	slices.SortStableFunc(parts, func(a, b Part) int { return cmp.Compare(b.Worst(), a.Worst()) })
	for _, p := range parts {
		slices.SortStableFunc(p.Findings, func(a, b destination.Finding) int { return cmp.Compare(b.Level, a.Level) })
	}
}

const (
	// atOnce is how many destinations are examined at once.
	atOnce = 8
	// patience bounds the examination of one.
	patience = time.Minute
)

// A Patient is a destination to be examined.
type Patient struct {
	Name        string
	Type        destination.Type
	Settings    any
	Destination destination.Destination // nil where Type has Look
	Changed     bool                    // it does not get every event as it is
	// Test, if not nil, sends a test call, whose messageId it returns.
	Test func(context.Context) (id string, err error)
}

// Examine examines destinations, and returns a part for each, and how far
// receivers' clocks are ahead of ours.
func Examine(ctx context.Context, patients []Patient) ([]Part, []Clock) {
	parts, clocks := make([]Part, len(patients)), make([][]Clock, len(patients))
	free := make(chan struct{}, atOnce)
	var wg sync.WaitGroup
	for i, p := range patients {
		wg.Go(func() {
			free <- struct{}{}
			defer func() { <-free }()
			ctx, cancel := context.WithTimeout(ctx, patience)
			defer cancel()
			parts[i], clocks[i] = examine(ctx, p)
		})
	}
	wg.Wait()
	return parts, slices.Concat(clocks...)
}

func examine(ctx context.Context, p Patient) (part Part, clocks []Clock) {
	part = Part{Kind: "destination", Name: p.Name, Type: p.Type.Name}
	if p.Type.Look != nil {
		part.Add(p.Type.Look(p.Settings)...)
		if p.Test != nil {
			part.Add(destination.Finding{Text: "no test event was sent: a gateway that runs writes to the same place, where each line would be in the other's way"})
		}
		return part, nil
	}
	if l, ok := p.Destination.(destination.Located); ok {
		url, _ := l.Location()
		r := reach(ctx, url)
		part.Add(r.found...)
		if part.Worst() == destination.Problem {
			return part, nil // all else would say the same in other words
		}
		clocks = r.clocks
	}
	if e, ok := p.Destination.(destination.Examiner); ok {
		part.Add(e.Examine(ctx)...)
	}
	if p.Test != nil {
		for i, f := range part.Findings {
			if strings.Contains(f.Do, "--send-test") {
				part.Findings[i].Do = "" // it is being done
			}
		}
		part.Add(tested(ctx, p))
	} else if len(part.Findings) == 0 {
		part.Add(destination.Finding{Text: "nothing can be known of it without sending", Do: "send an event with --send-test, and look whether it arrives"})
	}
	return part, clocks
}

// tested sends a test event.
func tested(ctx context.Context, p Patient) destination.Finding {
	id, err := p.Test(ctx)
	if err != nil {
		f := destination.Found(err)
		f.Text = "the test event was not taken: " + f.Text
		return f
	}
	f := destination.Finding{Text: "a test event was taken: “" + TestEvent + "”, messageId " + id, Do: "look for it " + cmp.Or(p.Type.Find, "there")}
	if p.Changed {
		f.Text += " (only, except and transform were left aside)"
	}
	return f
}
