package clickhouse

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"

	"github.com/parlance-chat/parlance/destination"
	"github.com/parlance-chat/parlance/destination/destinationtest"
	"github.com/parlance-chat/parlance/destination/warehouse/warehousetest"
)

// Everything that can be known is found out, and nothing is made.
func TestExamine(t *testing.T) {
	as := func(db database, user string) database {
		return database{strings.Replace(db.address, "parlance:right", user, 1), db.name}
	}
	db := newDatabase(t)
	good, problem := destination.Good, destination.Problem
	destinationtest.Findings(t, "nothing there", db.open(t).Examine(t.Context()), good, "lets user", good, "lacks tables", good, "may write")
	if got := db.ask(t, "select count() from system.databases where name = '{db}'"); got != "0" {
		t.Error("an examination makes a database")
	}
	destinationtest.Findings(t, "wrong password", as(db, "parlance:hidden").open(t).Examine(t.Context()), problem, "password")
	destinationtest.Findings(t, "nobody listens", database{"http://u:hidden@127.0.0.1:1", "x"}.open(t).Examine(t.Context()), problem, "refused")
	destinationtest.Findings(t, "reader", as(db, "reader:right").open(t).Examine(t.Context()), good, "lets user", good, "lacks tables", problem, "read-only")
	warehousetest.Send(t, db.open(t), warehousetest.Started)
	destinationtest.Findings(t, "all there", db.open(t).Examine(t.Context()), good, "lets user", good, "has all tables", good, "may write")
	db.ask(t, "drop table {db}.tracks")
	db.ask(t, "create table {db}.tracks (id String) engine = MergeTree order by id")
	destinationtest.Findings(t, "another's table", db.open(t).Examine(t.Context()), good, "lets user", problem, "ReplacingMergeTree")
}

// The engine of the tests has no users that lack rights: what it would say of
// them is played.
func TestExamineRights(t *testing.T) {
	db := newDatabase(t)
	target, err := url.Parse(db.address)
	if err != nil {
		t.Fatal(err)
	}
	for says, want := range map[string][]any{
		`{"result":0}`: {destination.Problem, "lacks rights"},
		"Code: 62. DB::Exception: Syntax error (SYNTAX_ERROR)": {destination.Warning, "does not tell"},
	} {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
			if strings.HasPrefix(q.URL.Query().Get("query"), "check grant") {
				_, _ = io.WriteString(w, says)
				return
			}
			httputil.NewSingleHostReverseProxy(target).ServeHTTP(w, q)
		}))
		defer s.Close()
		d := database{strings.Replace(s.URL, "://", "://parlance:right@", 1), db.name}.open(t)
		found := d.Examine(t.Context())
		destinationtest.Findings(t, says, found[len(found)-1:], want...)
	}
}
