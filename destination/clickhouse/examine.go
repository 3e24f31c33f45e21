package clickhouse

import (
	"context"
	"fmt"

	"github.com/parlance-chat/parlance/destination"
)

// Location implements destination.Located.
func (d *Destination) Location() (url, account string) {
	u := *d.url
	u.RawQuery = ""
	return u.String(), d.layout.database
}

// Examine implements destination.Examiner.
func (d *Destination) Examine(ctx context.Context) []destination.Finding {
	c := connection{d: d}
	now, err := c.look(ctx)
	if err != nil {
		return []destination.Finding{destination.Found(judgeSchema(err))}
	}
	found := []destination.Finding{{Text: fmt.Sprintf("ClickHouse %s lets user %s in", now.version, now.user)}}
	changes, err := d.layout.changes(now)
	if err != nil {
		return append(found, destination.Found(err))
	}
	f := destination.Finding{Text: fmt.Sprintf("database %s has all tables and views", d.layout.database)}
	if len(changes) > 0 {
		f.Text = fmt.Sprintf("database %s lacks tables, columns or views; the gateway makes them before the first event", d.layout.database)
	}
	return append(append(found, f), c.examineRights(ctx, now, len(changes) > 0)...)
}

// examineRights finds out whether the user may do what there is to do.
func (c connection) examineRights(ctx context.Context, now there, lacking bool) (found []destination.Finding) {
	readonly, err := single(ctx, c, "select toString(getSetting('readonly')) as Value")
	if err == nil && readonly != "0" {
		return []destination.Finding{{Level: destination.Problem, Text: "user " + now.user + " has a profile that is read-only", Do: advice(164)}}
	}
	needed := "insert, select"
	if lacking {
		needed += ", create table, create view, drop view, alter add column"
		if !now.database {
			needed += ", create database"
		}
	}
	on := quote(c.d.layout.database) + ".*"
	granted, err := query[struct {
		Result int `json:"result"`
	}](ctx, c, "check grant "+needed+" on "+on, nil)
	switch {
	case err != nil || len(granted) != 1: // there was no such statement before 24.11
		return []destination.Finding{{Level: destination.Warning, Text: "this server does not tell what user " + now.user + " may do", Do: "see that it has " + needed + " on " + on}}
	case granted[0].Result == 0:
		return []destination.Finding{{Level: destination.Problem, Text: "user " + now.user + " lacks rights that are needed", Do: "grant " + needed + " on " + on + " to " + now.user}}
	}
	return []destination.Finding{{Text: "user " + now.user + " may write to it"}}
}
