//go:build unix

package postgres

import (
	"strings"
	"testing"

	"github.com/parlance-chat/parlance/destination"
	"github.com/parlance-chat/parlance/destination/destinationtest"
	"github.com/parlance-chat/parlance/destination/warehouse/warehousetest"
)

// Everything that can be known is found out, and nothing is made.
func TestExamine(t *testing.T) {
	address, db := database(t)
	as := func(user string) string { return strings.Replace(address, "postgres@", user+"@", 1) }
	good, warning, problem := destination.Good, destination.Warning, destination.Problem
	check := func(name, address string, want ...any) {
		t.Helper()
		destinationtest.Findings(t, name, open(t, address).Examine(t.Context()), want...)
	}
	// Roles are the server's, and those of each run have names of their own.
	poor := query(t, db, "select current_database()")
	writer := poor + "w"
	run(t, db, "create role "+poor+" login; create role "+writer+" login")

	check("nothing there", address, good, "lets user", good, "lacks tables", good, "may write")
	if got := query(t, db, "select count(*) from pg_namespace where nspname = 'live_chat'"); got != "0" {
		t.Error("an examination makes a schema")
	}
	check("no rights", as(poor), good, "lets user", good, "lacks tables", problem, "lacks CREATE on the database")
	check("no such database", strings.Replace(address, "?", "x?", 1), problem, "create the database")
	check("nobody listens", "postgres://u:hidden@127.0.0.1:1/db", problem, "refused")

	warehousetest.Send(t, open(t, address), warehousetest.Started)
	check("all there", address, good, "lets user", good, "has all tables", good, "may write")
	run(t, db, "grant usage on schema live_chat to "+writer+"; grant select, insert, update on all tables in schema live_chat to "+writer+"; revoke update on live_chat.users from "+writer)
	check("one right missing", as(writer), good, "lets user", good, "has all tables", problem, "lacks SELECT, INSERT and UPDATE on users")
	run(t, db, "grant update on live_chat.users to "+writer)
	check("few rights", as(writer), good, "lets user", good, "has all tables", good, "may write")
	run(t, db, "alter role "+writer+" set default_transaction_read_only = on")
	check("read-only by default", as(writer), good, "lets user", warning, "by default", good, "has all tables", good, "may write")

	run(t, db, "alter table live_chat.tracks alter received_at type text")
	check("another's column", address, good, "lets user", problem, "received_at")
}
