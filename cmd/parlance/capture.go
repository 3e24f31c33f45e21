package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/spf13/cobra"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/gateway"
	"github.com/parlance-chat/parlance/internal/recording"
)

func captureCommand() *cobra.Command {
	var source, to, listen string
	cmd := &cobra.Command{
		Use:   "capture --source NAME",
		Short: "Write down what a chat tool sends, and what would become of it",
		Long: `Write down what a chat tool sends, and what would become of it.

It listens in place of the gateway, answers 200, and writes each request to a
file: its headers, with signatures and tokens masked, and its body, without the
credentials that the tool leaves in it. The body still holds what people wrote:
look before you hand it on. Ctrl-C ends it. To report that a tool has changed,
make up other names in the line that is wrong, and send that.`,
		Args: noArgs,
	}
	file := configFlag(cmd)
	workspace := cmd.Flags().StringP("workspace", "w", "default", "workspace")
	cmd.Flags().StringVar(&source, "source", "", "name of the source (required)")
	cmd.Flags().StringVar(&to, "to", "", "file (default captured-NAME-TIME.jsonl)")
	cmd.Flags().StringVar(&listen, "listen", "", "address to listen at (default that of the configuration)")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if source == "" {
			return usage(cmd, "name a source with --source")
		}
		config, err := file.load()
		if err != nil {
			return err
		}
		reader, err := config.Reader(*workspace, source)
		if err != nil {
			return err
		}
		if listen == "" {
			listen = config.Listen
		}
		if to == "" {
			to = fmt.Sprintf("captured-%s-%s.jsonl", source, time.Now().Format("20060102-150405"))
		}
		return capture(cmd.Context(), &capturer{reader: reader, publicURL: strings.TrimRight(config.PublicURL, "/"), say: cmd.OutOrStdout()}, listen, to)
	}
	return cmd
}

// capture listens until ctx is done.
func capture(ctx context.Context, c *capturer, listen, to string) (err error) {
	f, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	c.file = f
	l, err := net.Listen("tcp", listen)
	if err != nil {
		return fmt.Errorf("%w (another address: --listen HOST:PORT)", err)
	}
	fmt.Fprintf(c.say, "listening at http://%s, writing to %s\n", l.Addr(), to)
	server := &http.Server{Handler: c, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second}
	served := make(chan error, 1)
	go func() { served <- server.Serve(l) }()
	select {
	case err := <-served:
		return err
	case <-ctx.Done():
	}
	// What is being written down is written to its end.
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	err = server.Shutdown(last)
	<-served
	return err
}

// A capturer writes down requests.
type capturer struct {
	reader    *gateway.Reader
	publicURL string

	mu   sync.Mutex // guards the fields below
	file io.Writer
	say  io.Writer
}

func (c *capturer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := body(w, r)
	if err != nil {
		http.Error(w, "the body is too large, or broke off", http.StatusRequestEntityTooLarge)
		return
	}
	address := c.publicURL
	if address == "" {
		address = "http://" + r.Host
	}
	req := &connector.Request{Method: r.Method, URL: address + r.URL.RequestURI(), Header: r.Header, Body: body, Received: time.Now().UTC()}
	reply, err := c.write(req)
	if err != nil {
		http.Error(w, "cannot write it down", http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	if reply == "" {
		w.Header().Set("Content-Type", "application/json")
		reply = "{\"ok\":true}\n"
	}
	_, _ = io.WriteString(w, reply) // the client is gone; nobody to tell
}

// body reads a request's body, inflated, as the gateway does.
func body(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	const most = 4 << 20
	in := io.Reader(http.MaxBytesReader(w, r.Body, most))
	if strings.EqualFold(r.Header.Get("Content-Encoding"), "gzip") {
		z, err := gzip.NewReader(in)
		if err != nil {
			return nil, err
		}
		in = io.LimitReader(z, most+1)
	}
	b, err := io.ReadAll(in)
	if len(b) > most {
		err = errors.New("too large")
	}
	return b, err
}

// write writes a request down, and returns what the tool waits for if it is a
// handshake.
func (c *capturer) write(r *connector.Request) (reply string, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	signed := "signed"
	if err := c.reader.Verify(r); err != nil {
		signed = err.Error()
	}
	c.reader.Scrub(r)
	b, err := json.Marshal(recording.Of(r, c.reader.Secrets()...))
	if err != nil {
		return "", err
	}
	if _, err := c.file.Write(append(b, '\n')); err != nil {
		return "", err
	}
	reply, becomes := c.becomes(r)
	_, err = fmt.Fprintf(c.say, "%s %s, %d bytes, %s: %s\n", r.Received.Format(time.TimeOnly), r.Method, len(r.Body), signed, becomes)
	return reply, err
}

// becomes tells what a request would become, without what anybody wrote.
func (c *capturer) becomes(r *connector.Request) (reply, becomes string) {
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		if reply = c.reader.Greet(r); reply == "" {
			return "", "of no interest"
		}
		return reply, "handshake"
	}
	p, err := c.reader.Read(r)
	if err != nil {
		return "", "unreadable: " + err.Error()
	}
	var parts []string
	for _, a := range p.Activities {
		parts = append(parts, strings.TrimSpace(fmt.Sprintf("%s %s", a.Type, a.By)))
	}
	if n := len(p.Agents) + len(p.Contacts); n > 0 {
		parts = append(parts, fmt.Sprintf("people: %d", n))
	}
	for _, reason := range p.Dropped {
		parts = append(parts, "dropped: "+reason)
	}
	if p.Reply != "" || p.Visit != "" {
		parts = append(parts, "handshake")
	}
	if len(parts) == 0 {
		return p.Reply, "of no interest"
	}
	return p.Reply, strings.Join(parts, ", ")
}
