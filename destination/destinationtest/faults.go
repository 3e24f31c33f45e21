package destinationtest

import (
	"net/http"
	"slices"
	"testing"

	"github.com/parlance-chat/parlance/destination"
)

// An HTTPHarness is a destination that speaks HTTP, and how its platform
// answers.
type HTTPHarness struct {
	// Open returns a destination that sends to a receiver at url.
	Open func(url string) (destination.Destination, error)
	// Secret is what the destination authorizes itself with. Receivers repeat
	// it, and no error may.
	Secret string
	// Answer is what the receiver says once it has taken everything.
	Answer string
	// Aside, if not nil, answers a request that hands over no calls, or those
	// that another does, and says so. It is no delivery, and nothing fails.
	Aside func(w http.ResponseWriter, q *http.Request) bool
	// Tells says that the answer has to be read: an answer of 2xx whose body
	// is lost, or not the platform's, is no success.
	Tells bool
	// ErrorBody is what the platform says with 200 if it has taken nothing, and
	// Means the class of that. Empty where there is no such thing.
	ErrorBody, Means string
	// Classes has the classes of errors that are not what other platforms'
	// mean, by the name of the fault: "wait", "refusal", "pause" or "again".
	Classes map[string]string
	// Platform, if set, returns what takes the requests in place of a receiver
	// that reads messageIds from their bodies, and what it has in the end: for
	// platforms to which a batch is not one request. It refuses one request,
	// whatever that has.
	Platform func(t *testing.T) (h http.Handler, received func() []string)
	// Fails says which requests to a Platform may fail. Nil is all.
	Fails func(*http.Request) bool
}

// TestFaults breaks the way to a receiver in every way that we know of, and
// drives the destination through the delivery that the gateway has, with its
// journal. Whatever happens, each error is of the right class, no event is
// lost, their order stays, and what comes twice has the same messageId.
func TestFaults(t *testing.T, h HTTPHarness) {
	for _, f := range faults(h) {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			if class, ok := h.Classes[f.name]; ok {
				f.class = class
			}
			testFault(t, h, f)
		})
	}
}

func testFault(t *testing.T, h HTTPHarness, f fault) {
	r := listen(t, h, f)
	opens := func(url string) func(*testing.T) destination.Destination {
		return func(t *testing.T) destination.Destination {
			d, err := h.Open(url)
			if err != nil {
				t.Fatal(err)
			}
			return d
		}
	}
	c := Case{Class: f.class, Happened: f.happened, Hangs: f.hangs, stuck: r.hangs, Secret: h.Secret, Open: opens(r.url)}
	if f.refused {
		c.Mend = r.open
	}
	if f.elsewhere != nil { // until somebody mends it
		c.Open, c.Reopen = opens(f.elsewhere(t)), opens(r.url)
	}
	want, parked := c.play(t)
	if h.Platform != nil {
		if got := r.received(); !slices.Equal(got, want) || len(parked) > 0 {
			t.Errorf("got\n%v, want\n%v, and none parked: %v", got, want, parked)
		}
		return
	}
	checkArrived(t, f, r, parked, want)
}

// checkArrived says what was lost, out of order, or repeated for nothing.
func checkArrived(t *testing.T, f fault, r *receiver, parked, want []string) {
	var first []string
	repeated := 0
	for _, ids := range r.taken() {
		if !slices.IsSorted(ids) {
			t.Errorf("a request has %v, want them in order", ids)
		}
		for _, id := range ids {
			if slices.Contains(first, id) {
				repeated++
				continue
			}
			first = append(first, id)
		}
	}
	if repeated > 0 && !f.happened {
		t.Errorf("%d calls came twice, and none had to", repeated)
	}
	if f.poison {
		if !slices.Equal(parked, []string{poison}) {
			t.Errorf("got %v parked, want the one that was refused", parked)
		}
		want = slices.DeleteFunc(want, func(id string) bool { return id == poison })
	} else if len(parked) > 0 {
		t.Errorf("got %v parked, want none: no call was at fault", parked)
	}
	checkOrder(t, first, want)
}
