package clickhouse

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/parlance-chat/parlance/destination"
	"github.com/parlance-chat/parlance/destination/tracking"
	"github.com/parlance-chat/parlance/destination/warehouse"
)

const (
	// maxSaid is how much of an answer is read where it should be short, and
	// maxTold where it tells of tables.
	maxSaid = 4 << 10
	maxTold = 16 << 20
)

// settings hold for each insert, whatever the user's profile says: an answer
// comes when all is done, and one request makes one block, which the server
// knows by its token.
var settings = map[string]string{
	"async_insert": "0", "input_format_parallel_parsing": "0", "insert_deduplicate": "1", "date_time_input_format": "basic",
}

// A connection makes the requests of one attempt, or of an examination.
type connection struct {
	d *Destination
	a destination.Attempt
}

// A request is one statement.
type request struct {
	statement string
	what      string            // it does, for people
	params    map[string]string // of its URL: settings, and values for param_…
	body      []byte            // gzip, or nil
	most      int64             // how much of the answer is read
}

// insert writes rows of a table.
func (c connection) insert(ctx context.Context, t *warehouse.Table, rows [][]any) error {
	body, err := tracking.Compress(func(w io.Writer) error { return write(w, t, rows) })
	if err != nil {
		return err
	}
	names := make([]string, len(t.Columns))
	for i, column := range t.Columns {
		names[i] = quote(column.Name)
	}
	into := quote(c.d.layout.database, t.Name)
	params := map[string]string{"insert_deduplication_token": token(t, rows)}
	for name, value := range settings {
		params[name] = value
	}
	said, err := c.do(ctx, request{
		statement: fmt.Sprintf("insert into %s (%s) format JSONEachRow", into, strings.Join(names, ", ")),
		what:      fmt.Sprintf("insert into %s, %d rows, %d bytes", into, len(rows), len(body)),
		params:    params, body: body, most: maxSaid,
	})
	return c.silent(said, err)
}

// exec runs a statement that answers nothing.
func (c connection) exec(ctx context.Context, statement string) error {
	line, _, _ := strings.Cut(statement, "(")
	said, err := c.do(ctx, request{statement: statement, what: strings.Join(strings.Fields(line), " "), most: maxSaid})
	return c.silent(said, err)
}

// silent returns what is wrong with an answer that should say nothing.
// ClickHouse can still fail after it has said 200.
func (c connection) silent(said []byte, err error) error {
	if err == nil && len(bytes.TrimSpace(said)) > 0 {
		err = c.unexpected(said)
	}
	return err
}

// unexpected says what an answer of 200 means that is not what was asked for.
func (c connection) unexpected(said []byte) error {
	return c.d.judge(&http.Response{StatusCode: http.StatusOK}, said, c.a.Retry)
}

// query returns the rows of a query, which may hold {name:String}.
func query[T any](ctx context.Context, c connection, statement string, values map[string]string) (rows []T, err error) {
	params := map[string]string{"default_format": "JSONEachRow"}
	for name, value := range values {
		params["param_"+name] = value
	}
	said, err := c.do(ctx, request{statement: statement, what: "select", params: params, most: maxTold})
	if err != nil {
		return nil, err
	}
	for d := jsontext.NewDecoder(bytes.NewReader(said)); ; {
		var row T
		switch err := json.UnmarshalDecode(d, &row); {
		case errors.Is(err, io.EOF):
			return rows, nil
		case err != nil:
			return nil, c.unexpected(said)
		}
		rows = append(rows, row)
	}
}

// do makes a request, and returns what a good answer says.
func (c connection) do(ctx context.Context, r request) ([]byte, error) {
	u := *c.d.url
	q := u.Query()
	q.Set("query", r.statement)
	q.Set("wait_end_of_query", "1") // so that the status tells of every error
	for name, value := range r.params {
		q.Set(name, value)
	}
	u.RawQuery = q.Encode()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, u.String(), bytes.NewReader(r.body))
	if err != nil {
		return nil, errors.New("clickhouse: BUG: a URL that was checked is none")
	}
	req.Header.Set("User-Agent", "parlance")
	if r.body != nil {
		req.Header.Set("Content-Encoding", "gzip")
	}
	if c.d.user != nil {
		password, _ := c.d.user.Password()
		req.SetBasicAuth(c.d.user.Username(), password)
	}
	exchange := destination.Exchange{Request: fmt.Sprintf("POST %s://%s%s, %s", u.Scheme, u.Host, u.Path, r.what)}
	said, err := c.d.roundTrip(req, r.most, c.a.Retry, &exchange)
	if c.a.Tell != nil {
		c.a.Tell(exchange)
	}
	return said, err
}

// roundTrip makes an exchange, and says what an answer other than 200 means.
func (d *Destination) roundTrip(req *http.Request, most int64, retry int, x *destination.Exchange) ([]byte, error) {
	resp, err := d.client.Do(req)
	if err != nil {
		d.client.CloseIdleConnections()
		return nil, tracking.NoAnswer(err)
	}
	defer resp.Body.Close()
	x.Status = resp.StatusCode
	said, err := io.ReadAll(io.LimitReader(resp.Body, most))
	if resp.StatusCode != http.StatusOK || resp.Header.Get(exceptionCode) != "" {
		err := d.judge(resp, said, retry)
		x.Response = err.Error()
		return nil, err
	}
	if err != nil {
		d.client.CloseIdleConnections()
		return nil, tracking.NoAnswer(err)
	}
	return said, nil
}
