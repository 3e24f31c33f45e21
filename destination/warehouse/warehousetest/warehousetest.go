package warehousetest

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/parlance-chat/parlance/destination"
	"github.com/parlance-chat/parlance/destination/destinationtest"
)

// A Warehouse is one without tables yet, and how it is asked.
type Warehouse struct {
	// Open returns a destination that writes to it, as another gateway would.
	Open func() destination.Destination
	// Query returns a line a row, with | between values, true and false, and
	// numbers without zeros at their end. {schema} in what it is asked is
	// where the tables are. Days are those of UTC.
	Query func(sql string) string
}

// Send hands calls over in one attempt.
func Send(t testing.TB, d destination.Destination, calls ...string) {
	t.Helper()
	if err := d.Send(t.Context(), Attempt(calls...)); err != nil {
		t.Fatal(err)
	}
}

// Insist sends until it is done, as package deliver does.
func Insist(t testing.TB, d destination.Destination, a destination.Attempt) {
	t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); ; a.Retry++ {
		err := d.Send(context.WithoutCancel(t.Context()), a)
		if err == nil {
			return
		}
		if destinationtest.Class(err) != "again" || time.Now().After(deadline) {
			t.Errorf("got %s (%v)", destinationtest.Class(err), err)
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// Test checks what each warehouse must do. Fresh returns a new one.
func Test(t *testing.T, fresh func(t *testing.T) Warehouse) {
	t.Run("views", func(t *testing.T) { TestViews(t, fresh(t)) })
	t.Run("users", func(t *testing.T) { testUsers(t, fresh) })
	t.Run("other calls", func(t *testing.T) { testOthers(t, fresh(t)) })
	t.Run("two gateways", func(t *testing.T) { testTwo(t, fresh(t)) })
}

// answers checks what queries answer, blanks in JSON aside.
func (w Warehouse) answers(t *testing.T, want map[string]string) {
	t.Helper()
	for sql, want := range want {
		if got := strings.NewReplacer(": ", ":", ", ", ",").Replace(w.Query(sql)); got != want {
			t.Errorf("%s: got\n%s\nwant\n%s", sql, got, want)
		}
	}
}

// testUsers: of a user, what was said last holds, in whatever order and however
// often it comes.
func testUsers(t *testing.T, fresh func(t *testing.T) Warehouse) {
	one := Identify(1, "u", `{"email":"old@example.com","name":"Una","plan":"free","since":1}`)
	two := Identify(2, "u", `{"email":"new@example.com","plan":"pro"}`)
	other := Identify(3, "v", `{"name":"Vic"}`)
	for name, attempts := range map[string][][]string{
		"together": {{one, two, other}}, "reversed": {{other, two, one}}, "apart": {{one}, {two}, {other}},
		"late": {{two, other}, {one}}, "repeated": {{one, two}, {one, two, other}, {one}},
	} {
		t.Run(name, func(t *testing.T) {
			w := fresh(t)
			d := w.Open()
			for _, calls := range attempts {
				Send(t, d, calls...)
			}
			w.answers(t, map[string]string{
				"select id, email, name, traits from {schema}.users order by id": `u|new@example.com|Una|{"plan":"pro","since":1}` + "\nv||Vic|",
				"select count(distinct id) from {schema}.identifies":             "3",
			})
		})
	}
}

// testOthers: what passes through has Segment's tables, and keeps what they
// have no column for.
func testOthers(t *testing.T, w Warehouse) {
	Send(t, w.Open(),
		`{"type":"track","userId":"u","event":"Order Completed","properties":{"total":9.5,"items":[1,2]}}`,
		`{"type":"page","anonymousId":"a","name":"Home","properties":{"url":"https://example.com","depth":3}}`,
		`{"type":"screen","anonymousId":"a","name":"Main","category":"App"}`,
		`{"type":"group","userId":"u","groupId":"g","traits":{"name":"Acme","plan":"pro"}}`,
		`{"type":"alias","userId":"u","previousId":"a"}`,
		`{"type":"identify","userId":"u","anonymousId":"a","traits":{"email":"u@example.com","firstName":"Una","age":42}}`)
	w.answers(t, map[string]string{
		"select id, event from {schema}.tracks":                                                "id-0|order_completed",
		"select name, url, properties from {schema}.pages":                                     `Home|https://example.com|{"depth":3}`,
		"select name, category from {schema}.screens":                                          "Main|App",
		"select group_id, name, traits from {schema}.groups":                                   `g|Acme|{"plan":"pro"}`,
		"select user_id, previous_id from {schema}.aliases":                                    "u|a",
		"select user_id, anonymous_id, email, first_name, traits from {schema}.identifies":     `u|a|u@example.com|Una|{"age":42}`,
		"select id, email, first_name, traits from {schema}.users where uuid_ts > received_at": `u|u@example.com|Una|{"age":42}`,
	})
}

// testTwo: two gateways write the same events at the same time, from no tables on.
func testTwo(t *testing.T, w Warehouse) {
	var both sync.WaitGroup
	for range 2 {
		d := w.Open()
		both.Go(func() {
			for i := range 20 {
				a := Numbered(i*50, 50)
				a.Calls = append(a.Calls, Attempt(Identify(i, "u", `{"name":"Una"}`), Identify(i, "v", `{"name":"Vic"}`)).Calls...)
				Insist(t, d, a)
			}
		})
	}
	both.Wait()
	w.answers(t, map[string]string{
		"select (select count(distinct id) from {schema}.tracks), (select count(distinct id) from {schema}.identifies), (select count(*) from {schema}.users)": "1000|40|2",
		"select sum(customer_messages) from {schema}.live_chat_conversations":                                                                                  "1000",
	})
}
