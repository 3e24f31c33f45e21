package postgres

import (
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/parlance-chat/parlance/destination"
)

// judge says what an error means: see docs/adr/0005. What an error of the
// server quotes may be somebody's words, and what one of the driver quotes may
// be a part of the address, so neither is told in full.
//
// Source: https://www.postgresql.org/docs/current/errcodes-appendix.html
func judge(err error, retry int) error {
	var pause *destination.Pause
	if errors.As(err, &pause) {
		return err
	}
	var said *pgconn.PgError
	if !errors.As(err, &said) {
		return noAnswer(err)
	}
	reason := fmt.Sprintf("PostgreSQL says %s: %s", said.Code, strings.ToValidUTF8(said.Message, "?"))
	if said.Code == "22P03" && retry == 0 {
		// A column has another type than when the session looked. The next
		// one looks again.
		return errors.New(reason)
	}
	switch class := said.Code[:min(2, len(said.Code))]; class {
	case "08", "40", "53", "55", "57", "58", "XX", "F0":
		// Connection, conflict of transactions, full disk or memory, locks,
		// shutdown and what an operator stopped, I/O, its own bugs.
		return errors.New(reason)
	case "22", "54":
		return &destination.Refusal{Reason: "PostgreSQL refuses a value of this call (" + said.Code + ")"}
	case "23", "44", "P0", "09", "27":
		return &destination.Pause{Reason: fmt.Sprintf("PostgreSQL says %s: a constraint or trigger that is not ours refuses rows of %s; remove it (%s)",
			said.Code, said.TableName, said.ConstraintName)}
	}
	switch said.Code {
	case "42P01", "42703", "3F000":
		// Somebody removed it since we looked. The next attempt looks again.
		if retry == 0 {
			return errors.New(reason)
		}
	}
	return &destination.Pause{Reason: reason + "; " + advice(said.Code)}
}

// advice says what to do.
func advice(code string) string {
	switch {
	case strings.HasPrefix(code, "28"):
		return "are user and password in url right, and does pg_hba.conf let them in from here?"
	case code == "3D000":
		return "create the database, or name another in url"
	case code == "42501":
		return "the user in url needs CREATE on the database, or USAGE and CREATE on the schema and to own its tables and views, and TEMPORARY on the database: see docs/destinations/postgres.md"
	case code == "25006":
		return "url must name the primary, and not a standby or a database that is read-only (several hosts: target_session_attrs=read-write)"
	case code == "42P10":
		return "a table in the schema has no primary key on id, and so is not ours; name another schema"
	}
	return "a table or view in the schema is not ours; name another schema"
}

// noAnswer says what the network did. The host may be told, the rest of url not.
func noAnswer(err error) error {
	var connect *pgconn.ConnectError
	if !errors.As(err, &connect) {
		return fmt.Errorf("no answer of PostgreSQL: %w", err)
	}
	said := strings.Join(strings.Fields(connect.Unwrap().Error()), " ")
	return errors.New("no connection to PostgreSQL: " + said)
}
