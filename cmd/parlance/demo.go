package main

import (
	"context"
	"crypto/rand"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/parlance-chat/parlance/gateway"
	"github.com/parlance-chat/parlance/internal/simulate"
	"github.com/parlance-chat/parlance/internal/standin"
	"github.com/parlance-chat/parlance/livechat"
)

//go:embed demo.yaml
var demoConfig []byte

func demoCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Watch simulated chats become events",
		Long: `Demo runs a whole gateway in a directory of its own, simulated chat tools that send it signed
webhooks, and a stand-in for Segment that takes its events. Its console opens on the playground, where
you write both sides of a chat; a month of chats from before is imported, for the reports. Interrupt
it, and nothing is left.`,
		Args: noArgs,
	}
	listen := cmd.Flags().String("listen", "127.0.0.1:8080", "address of the gateway; another is taken if it is in use")
	rate := cmd.Flags().Float64("rate", 3, "webhooks a second")
	length := cmd.Flags().Duration("for", 0, "end after so long (default: when interrupted)")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		// A closed terminal or pipe must not leave anything behind either.
		ctx, stop := signal.NotifyContext(cmd.Context(), syscall.SIGHUP, syscall.SIGPIPE)
		defer stop()
		d := &demo{out: cmd.OutOrStdout(), paint: newPainter(cmd.OutOrStdout()), listen: *listen, rate: *rate, length: *length}
		return d.run(ctx)
	}
	return cmd
}

// A demo is a gateway between simulated chat tools and a stand-in for Segment.
type demo struct {
	out      io.Writer
	paint    painter
	listen   string
	rate     float64
	length   time.Duration // of the play; zero has no end
	config   *gateway.Config
	segment  *standin.Server
	secret   string
	listener net.Listener // of the stand-in
	telling  atomic.Bool  // whether what arrives is shown: what was before the demo is not
}

func (d *demo) run(ctx context.Context) (err error) {
	dir, err := os.MkdirTemp("", "parlance-demo-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if err := d.prepare(dir); err != nil {
		return err
	}
	d.config.Log = slog.New(slog.NewTextHandler(d.out, &slog.HandlerOptions{Level: slog.LevelWarn}))
	d.config.Version = version
	g, err := gateway.Open(*d.config)
	if err != nil {
		return err
	}
	server := &http.Server{Handler: d.segment, ReadHeaderTimeout: 10 * time.Second}
	var running errgroup.Group
	running.Go(func() error { return ignoreClosed(server.Serve(d.listener)) })
	serving, stop := context.WithCancel(context.WithoutCancel(ctx))
	running.Go(func() error {
		err := g.Run(serving)
		return errors.Join(err, server.Close())
	})
	err = d.remember(ctx)
	d.welcome()
	if err == nil {
		err = d.play(ctx)
	}
	stop()
	err = errors.Join(err, running.Wait(), g.Close())
	d.goodbye()
	return err
}

// play has every source's tool play conversations until ctx is done, or as long
// as is wanted.
func (d *demo) play(ctx context.Context) error {
	if d.length > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, d.length)
		defer cancel()
	}
	players, ctx := errgroup.WithContext(ctx)
	for i, s := range d.config.Sources {
		to := "http://" + d.config.Listen + "/in/" + s.Name
		faker, err := newFaker(s.Type, d.secret, to)
		if err != nil {
			return err
		}
		players.Go(func() error {
			_, err := simulate.Run(ctx, simulate.Options{URL: to, Faker: faker, Rate: d.rate / float64(len(d.config.Sources)),
				First: int64(1 + 1000*i), Speed: 15, AtOnce: 3, Chaos: true})
			return err
		})
	}
	return players.Wait()
}

func ignoreClosed(err error) error {
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// prepare reads the configuration, with addresses that are free.
func (d *demo) prepare(dir string) (err error) {
	d.secret = rand.Text()
	if d.listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		return err
	}
	values := map[string]string{"DEMO_DATA": dir, "DEMO_LISTEN": freeAddress(d.listen), "DEMO_SECRET": d.secret,
		"DEMO_SEGMENT": "http://" + d.listener.Addr().String()}
	d.config, err = gateway.Parse(demoConfig, "demo.yaml", func(name string) (string, bool) {
		v, ok := values[name]
		return v, ok
	})
	d.segment = standin.New(standin.Options{WriteKey: "demo", OnCall: d.tell})
	return err
}

// freeAddress returns an address at which nobody listens, the wanted one if it
// can be had.
func freeAddress(wanted string) string {
	for _, address := range []string{wanted, "127.0.0.1:0"} {
		if l, err := net.Listen("tcp", address); err == nil {
			defer l.Close()
			return l.Addr().String()
		}
	}
	return wanted // whose error then says what is wrong
}

func (d *demo) welcome() {
	fmt.Fprintf(d.out, `
%s
  Open  %s  and chat with yourself; the other pages are beside it.

  Simulated chat tools send signed webhooks to http://%s/in/…,
  the gateway turns them into events, and a stand-in for Segment receives these. Ctrl-C ends it.

`, d.paint.paint(bold, "Parlance demo"), d.paint.paint(bold, "http://"+d.config.Listen+"/playground"), d.config.Listen)
	d.telling.Store(true)
}

// tell shows an event that arrived at the stand-in.
func (d *demo) tell(c standin.Call) {
	if !d.telling.Load() || time.Since(c.Timestamp) > time.Hour {
		return
	}
	var call livechat.Event
	_ = json.Unmarshal(c.JSON, &call) // of another call it is what it has
	text := line(d.paint, call.Context.LiveChat.Source, c.JSON)
	if c.Properties.MessageBody != "" {
		text += "  " + d.paint.paint(dim, fmt.Sprintf("%q", c.Properties.MessageBody)) // invented, so it may be shown
	}
	fmt.Fprintln(d.out, text)
}

func (d *demo) goodbye() {
	r := d.segment.Report()
	fmt.Fprintf(d.out, "\n%d calls arrived, and %d more that their messageId told to be repeated; %d of them broke the specification. Nothing is left behind.\n", r.Calls, r.Repeated, r.Invalid)
}
