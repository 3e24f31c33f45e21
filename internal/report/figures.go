package report

import (
	"iter"
	"math"
	"math/bits"

	"github.com/parlance-chat/parlance/internal/archive"
)

// Figures are what Metrics defines, by the same keys.
type Figures struct {
	Started          int64 `json:"started"`
	Closings         int64 `json:"closings"`
	Reopened         int64 `json:"reopened"`
	Sent             int64 `json:"sent"`
	Received         int64 `json:"received"`
	BotReceived      int64 `json:"bot_received"`
	CustomerFirst    int64 `json:"customer_first"`
	AgentFirst       int64 `json:"agent_first"`
	BotFirst         int64 `json:"bot_first"`
	Transfers        int64 `json:"transfers"`
	Missed           int64 `json:"missed"`
	Dropped          int64 `json:"dropped"`
	Waits            int64 `json:"waits"`
	Handled          int64 `json:"handled"` // of agents only
	FirstResponse    Times `json:"first_response"`
	FirstBotResponse Times `json:"first_bot_response"`
	Response         Times `json:"response"`
	BotResponse      Times `json:"bot_response"`
	Duration         Times `json:"duration"`
	FirstDuration    Times `json:"first_duration"`
	Concurrency      Load  `json:"concurrency"`
}

// Times are how long something took, in seconds. Median, P90 and P99 are those
// of the nearest rank: the shortest time that so large a part did not exceed.
// They are exact below 0.128 s, and else off by at most 1 in 128; Mean is exact.
type Times struct {
	Count  int64   `json:"count"` // how many were measured
	Mean   float64 `json:"mean"`
	Median float64 `json:"median"`
	P90    float64 `json:"p90"`
	P99    float64 `json:"p99"`
	// Spread counts those below each of Edges, and not below the one before;
	// the last those that are longer.
	Spread []int64 `json:"spread,omitempty"`
}

// Edges part the Spread of Times, in seconds. Near them what is measured is as
// exact as percentiles are.
var Edges = [...]float64{15, 30, 60, 120, 300, 600, 1800, 3600, 4 * 3600, 8 * 3600, 24 * 3600, 7 * 24 * 3600}

// Load is in how many conversations somebody wrote within a quarter of an hour.
type Load struct {
	Mean     float64 `json:"mean"` // of the quarters in which anybody wrote
	Most     int64   `json:"most"`
	Quarters int64   `json:"quarters"` // how many those were
}

// measured is how many metrics are measured.
const measured = 6

// A sum adds up numbers.
type sum struct {
	any   bool
	n     [archive.FirstDuration + 2]int64
	times [measured]*histogram
	busy  struct{ quarters, sum, most int64 }
}

// A histogram counts by bucket.
type histogram struct {
	n    [archive.Buckets]uint32
	used [archive.Buckets / 64]uint64 // a bit for each bucket that has been added to, for most have not
}

func (h *histogram) add(bucket int, n int64) {
	h.n[bucket] += uint32(n)
	h.used[bucket/64] |= 1 << (bucket % 64)
}

// merged returns h with what o counts. Either may be nil, which is empty.
func (h *histogram) merged(o *histogram) *histogram {
	if o == nil {
		return h
	}
	if h == nil {
		h = new(histogram)
	}
	for b, n := range o.all() {
		h.add(b, n)
	}
	return h
}

func (h *histogram) clear() {
	for i, word := range h.used {
		if word != 0 {
			clear(h.n[i*64 : i*64+64])
		}
	}
	h.used = [len(h.used)]uint64{}
}

// all are the buckets in use and what they count, in order.
func (h *histogram) all() iter.Seq2[int, int64] {
	return func(yield func(int, int64) bool) {
		for i, word := range h.used {
			for ; word != 0; word &= word - 1 {
				b := i*64 + bits.TrailingZeros64(word)
				if !yield(b, int64(h.n[b])) {
					return
				}
			}
		}
	}
}

// add adds numbers of a metric.
func (s *sum) add(m archive.Metric, list []archive.Number) {
	s.any = true
	i := int(m - archive.FirstResponse)
	if i < 0 || i%2 == 1 {
		if int(m) < len(s.n) {
			for _, n := range list {
				s.n[m] += n.N
			}
		}
		return
	}
	if i /= 2; i >= measured {
		return // of a later version
	}
	h := s.histogram(i)
	for _, n := range list {
		h.add(int(n.Bucket), n.N)
	}
}

func (s *sum) histogram(i int) *histogram {
	if s.times[i] == nil {
		s.times[i] = new(histogram)
	}
	return s.times[i]
}

// load takes in how many conversations there were in a quarter of an hour.
func (s *sum) load(n int64) {
	if n > 0 {
		s.busy.quarters++
		s.busy.sum += n
		s.busy.most = max(s.busy.most, n)
	}
}

func (s *sum) merge(o *sum) {
	s.any = s.any || o.any
	for m, n := range o.n {
		s.n[m] += n
	}
	for i, h := range o.times {
		s.times[i] = s.times[i].merged(h)
	}
	s.busy.quarters += o.busy.quarters
	s.busy.sum += o.busy.sum
	s.busy.most = max(s.busy.most, o.busy.most)
}

// clear makes the sum empty, and keeps its memory.
func (s *sum) clear() {
	times := s.times
	*s = sum{times: times}
	for _, h := range times {
		if h != nil {
			h.clear()
		}
	}
}

func (s *sum) figures() Figures {
	f := Figures{
		Started: s.n[archive.Started], Closings: s.n[archive.Closings], Reopened: s.n[archive.Reopened],
		Sent: s.n[archive.Sent], Received: s.n[archive.Received], BotReceived: s.n[archive.BotReceived],
		CustomerFirst: s.n[archive.CustomerFirst], AgentFirst: s.n[archive.AgentFirst], BotFirst: s.n[archive.BotFirst],
		Transfers: s.n[archive.Transfers], Missed: s.n[archive.Missed], Dropped: s.n[archive.Dropped], Waits: s.n[archive.Waits], Handled: s.n[archive.Handled],
		FirstResponse: s.took(archive.FirstResponse), FirstBotResponse: s.took(archive.FirstBotResponse),
		Response: s.took(archive.Response), BotResponse: s.took(archive.BotResponse),
		Duration: s.took(archive.Duration), FirstDuration: s.took(archive.FirstDuration),
	}
	if b := s.busy; b.quarters > 0 {
		f.Concurrency = Load{float64(b.sum) / float64(b.quarters), b.most, b.quarters}
	}
	return f
}

func (s *sum) took(m archive.Metric) Times {
	h := s.times[(m-archive.FirstResponse)/2]
	if h == nil {
		return Times{}
	}
	return h.times(s.n[m.Sum()])
}

// times returns what is told of lengths that add up to so many milliseconds.
func (h *histogram) times(sum int64) (t Times) {
	for _, n := range h.all() {
		t.Count += n
	}
	if t.Count == 0 {
		return Times{}
	}
	t.Mean = float64(sum) / float64(t.Count) / 1000
	t.Spread = make([]int64, len(Edges)+1)
	var below int64
	edge := 0
	for b, n := range h.all() {
		for edge < len(Edges) && float64(archive.BucketFrom(b)) >= Edges[edge]*1000 {
			edge++
		}
		t.Spread[edge] += n
		for _, p := range []struct {
			of float64
			to *float64
		}{{0.5, &t.Median}, {0.9, &t.P90}, {0.99, &t.P99}} {
			if rank := int64(math.Ceil(p.of * float64(t.Count))); below < rank && rank <= below+n {
				*p.to = archive.BucketMiddle(b) / 1000
			}
		}
		below += n
	}
	return t
}

// heat adds up the hours of the week.
type heat [7 * 24]struct {
	started, sent, received, sum int64
	first                        *histogram
}

// add adds numbers of a metric by the hours that are theirs.
func (h *heat) add(m archive.Metric, list []archive.Number, at []quarterOf) {
	switch m {
	case archive.Started, archive.Sent, archive.Received, archive.BotReceived, archive.FirstResponse, archive.FirstResponse.Sum():
	default:
		return
	}
	for _, n := range list {
		q := at[n.Quarter]
		if q.step == none {
			continue
		}
		c := &h[q.hour]
		switch m {
		case archive.Started:
			c.started += n.N
		case archive.Sent:
			c.sent += n.N
		case archive.FirstResponse.Sum():
			c.sum += n.N
		case archive.FirstResponse:
			if c.first == nil {
				c.first = new(histogram)
			}
			c.first.add(int(n.Bucket), n.N)
		default:
			c.received += n.N
		}
	}
}

func (h *heat) merge(o *heat) {
	for i := range h {
		to, c := &h[i], &o[i]
		to.started += c.started
		to.sent += c.sent
		to.received += c.received
		to.sum += c.sum
		to.first = to.first.merged(c.first)
	}
}

func (h *heat) fill(to *[7][24]Heat) {
	for i, c := range h {
		of := &to[i/24][i%24]
		*of = Heat{Started: c.started, Sent: c.sent, Received: c.received}
		if c.first != nil {
			of.FirstResponse = c.first.times(c.sum)
			of.FirstResponse.Spread = nil
		}
	}
}
