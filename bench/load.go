package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	gosync "sync"
	"sync/atomic"
	"time"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/conversation"
)

// Numbers that stand where each webhook gets its own. They are as long as
// what replaces them.
const (
	conversationMark = 7_000_000_001
	messageMark      = 8_000_000_001
)

// A template is a real webhook of the tool in which ids are replaced.
type template [][]byte

// templates are a customer's first message, and what an agent answers.
func templates(faker connector.Faker) (list []template) {
	for _, by := range []conversation.Author{conversation.Customer, conversation.HumanAgent} {
		a := conversation.Activity{
			ID: fmt.Sprintf("message:%d", messageMark), Type: conversation.Message, By: by,
			Conversation: strconv.Itoa(conversationMark), Time: time.Now().UTC().Truncate(time.Second),
			Message:  conversation.Text{ID: strconv.Itoa(messageMark), Body: "Hello, my order has not arrived yet. Could you look where it is, please?"},
			Customer: conversation.Person{UserID: "customer-17", ContactID: "17", Name: "Mia Berg", Email: "mia@example.com"},
		}
		if by == conversation.HumanAgent {
			a.Agent = conversation.Agent{ID: "7", Name: "Ann Lee", Username: "ann@example.com"}
		}
		for _, w := range faker.Fake([]conversation.Activity{a}) {
			list = append(list, split(w.Body))
		}
	}
	return list
}

// split cuts body at the marks, and leaves the marks in.
func split(body []byte) (t template) {
	for {
		i := bytes.Index(body, strconv.AppendInt(nil, conversationMark, 10))
		j := bytes.Index(body, strconv.AppendInt(nil, messageMark, 10))
		if i < 0 || j >= 0 && j < i {
			i = j
		}
		if i < 0 {
			return append(t, body)
		}
		t = append(t, body[:i], body[i:i+10])
		body = body[i+10:]
	}
}

// fill appends the webhook with its own ids.
func (t template) fill(b []byte, conversation, message int64) []byte {
	for _, part := range t {
		switch string(part) {
		case strconv.Itoa(conversationMark):
			b = strconv.AppendInt(b, conversation, 10)
		case strconv.Itoa(messageMark):
			b = strconv.AppendInt(b, message, 10)
		default:
			b = append(b, part...)
		}
	}
	return b
}

// A load is a stream of distinct signed webhooks over kept connections.
type load struct {
	address, path, secret string
	templates             []template
	connections           int
	raw                   bool    // HTTP by hand, not by net/http
	rate                  float64 // webhooks a second; 0 as fast as they are answered
	turns                 int64   // messages in a conversation
	next                  atomic.Int64
	// sent, if set, is told of each webhook's message before it goes out.
	sent func(message int64)
}

// run sends until ctx is done, and returns how many webhooks were answered
// with 200, and how many otherwise.
func (l *load) run(ctx context.Context) (accepted, refused int64, err error) {
	var ok, not atomic.Int64
	var wg gosync.WaitGroup
	errs := make(chan error, l.connections)
	began := time.Now()
	for range l.connections {
		wg.Go(func() {
			if err := l.connection(ctx, began, &ok, &not); err != nil {
				errs <- err
			}
		})
	}
	wg.Wait()
	select {
	case err = <-errs:
	default:
	}
	return ok.Load(), not.Load(), err
}

// A client makes one request after the other and returns their status.
type client interface {
	post(at, signature string, body []byte) (status int, err error)
	Close() error
}

// connection sends one webhook after the other.
func (l *load) connection(ctx context.Context, began time.Time, ok, not *atomic.Int64) error {
	c, err := l.dial()
	if err != nil {
		return err
	}
	defer c.Close()
	mac := hmac.New(sha256.New, []byte(l.secret))
	var body []byte
	for ctx.Err() == nil {
		n := l.next.Add(1) - 1
		if l.rate > 0 {
			due := began.Add(time.Duration(float64(n) / l.rate * float64(time.Second)))
			select {
			case <-ctx.Done():
				return nil
			case <-time.After(time.Until(due)):
			}
		}
		message := messageMark + n
		conversation, turn := l.place(n)
		body = l.templates[turn%int64(len(l.templates))].fill(body[:0], conversation, message)
		at := strconv.FormatInt(time.Now().Unix(), 10)
		mac.Reset()
		io.WriteString(mac, at+".")
		mac.Write(body)
		if l.sent != nil {
			l.sent(message)
		}
		status, err := c.post(at, "sha256="+hex.EncodeToString(mac.Sum(nil)), body)
		if err != nil {
			return err
		}
		if status == 200 {
			ok.Add(1)
		} else {
			not.Add(1)
		}
	}
	return nil
}

// open is how many conversations go on at once.
const open = 1000

// place returns the conversation of the nth message and its turn there. The
// messages of one conversation are far apart, so that they arrive in order.
func (l *load) place(n int64) (conversation, turn int64) {
	block := n / (open * l.turns)
	return conversationMark + block*open + n%open, n / open % l.turns
}

// dial returns Go's own client, or one that speaks HTTP by hand.
func (l *load) dial() (client, error) {
	if !l.raw {
		return &goClient{url: "http://" + l.address + l.path, http: http.Client{Transport: &http.Transport{MaxConnsPerHost: 1}}}, nil
	}
	conn, err := net.Dial("tcp", l.address)
	if err != nil {
		return nil, err
	}
	return &rawClient{Conn: conn, path: l.path, in: bufio.NewReader(conn)}, nil
}

// A goClient is a client of net/http with one connection.
type goClient struct {
	url  string
	http http.Client
}

func (c *goClient) Close() error {
	c.http.CloseIdleConnections()
	return nil
}

func (c *goClient) post(at, signature string, body []byte) (int, error) {
	req, err := http.NewRequest(http.MethodPost, c.url, bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	req.Header = http.Header{"Content-Type": {"application/json"}, "X-Chatwoot-Timestamp": {at}, "X-Chatwoot-Signature": {signature}}
	resp, err := c.http.Do(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	_, err = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode, err
}

// A rawClient writes requests and reads answers with as little as can be.
type rawClient struct {
	net.Conn
	path    string
	in      *bufio.Reader
	request []byte
}

func (c *rawClient) post(at, signature string, body []byte) (int, error) {
	b := fmt.Appendf(c.request[:0], "POST %s HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\nContent-Length: %d\r\n", c.path, len(body))
	b = fmt.Appendf(b, "X-Chatwoot-Timestamp: %s\r\nX-Chatwoot-Signature: %s\r\n\r\n", at, signature)
	c.request = append(b, body...)
	if _, err := c.Write(c.request); err != nil {
		return 0, err
	}
	return response(c.in)
}

// response reads one answer and returns its status.
func response(in *bufio.Reader) (status int, err error) {
	length := 0
	for first := true; ; first = false {
		line, err := in.ReadSlice('\n')
		if err != nil {
			return 0, err
		}
		line = bytes.TrimRight(line, "\r\n")
		if len(line) == 0 {
			break
		}
		if first {
			if status, err = strconv.Atoi(string(line[9:12])); err != nil {
				return 0, err
			}
		} else if name, value, _ := bytes.Cut(line, []byte(":")); bytes.EqualFold(name, []byte("Content-Length")) {
			if length, err = strconv.Atoi(string(bytes.TrimSpace(value))); err != nil {
				return 0, err
			}
		}
	}
	_, err = in.Discard(length)
	return status, err
}
