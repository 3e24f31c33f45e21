package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/connector/all"
	"github.com/parlance-chat/parlance/internal/simulate"
)

func simulateCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "simulate --to URL",
		Short: "Play customers, agents and bots through real signed webhooks",
		Long: `Simulate plays conversations as a chat tool would report them, through signed webhooks.
The secret is read from the environment variable PARLANCE_SECRET: for a tool that signs with RSA, the
private key whose public one the source has. The same seed plays the same
conversations, with the same ids: a gateway that has seen them takes them for repetitions.`,
		Example: "  PARLANCE_SECRET=… parlance simulate --to http://127.0.0.1:8080/in/support --rate 20 --seed 7",
		Args:    noArgs,
	}
	f := cmd.Flags()
	to := f.String("to", "", "URL to which the webhooks go (required)")
	kind := f.String("type", "chatwoot", "the chat tool to play")
	api := f.String("api", "", "address at which to play the tool's API as well, for a source with api_url: http://ADDRESS")
	var o simulate.Options
	f.Float64Var(&o.Rate, "rate", 2, "webhooks a second")
	f.Uint64Var(&o.Seed, "seed", 0, "the same seed plays the same conversations (default: others at each run)")
	f.Int64Var(&o.First, "first", 0, "number of the first conversation (default: it follows from the seed)")
	f.Int64Var(&o.Conversations, "conversations", 0, "how many conversations (default: until interrupted)")
	f.IntVar(&o.AtOnce, "at-once", 0, "how many conversations at the same time, at most (default: as the rate needs)")
	f.Float64Var(&o.Speed, "speed", 1, "how much faster than life")
	f.BoolVar(&o.Chaos, "chaos", false, "send some webhooks twice, and some late")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if *to == "" {
			return usage(cmd, "name the URL of a source's webhooks with --to, such as http://127.0.0.1:8080/in/support")
		}
		var err error
		o.URL = *to
		o.Trouble = func(err error) { fmt.Fprintf(cmd.ErrOrStderr(), "simulate: trying again until it is taken: %v\n", err) }
		if o.Faker, err = newFaker(*kind, os.Getenv("PARLANCE_SECRET"), *to); err != nil {
			return err
		}
		if *api != "" {
			if o.API = simulate.NewAPI(o.Faker); o.API == nil {
				return usage(cmd, "the webhooks of %s leave nothing out that its API would tell", *kind)
			}
			done, err := serveAPI(cmd.Context(), *api, o.API)
			if err != nil {
				return err
			}
			defer done()
		}
		stats, err := simulate.Run(cmd.Context(), o)
		if err != nil && stats.Webhooks == 0 {
			return err
		}
		fmt.Fprintf(cmd.OutOrStdout(), "%d conversations told whole, %d webhooks acknowledged, %d sent again\n", stats.Conversations, stats.Webhooks, stats.Retried)
		return err
	}
	return cmd
}

// serveAPI plays a tool's API until done is called, which waits until nobody
// asks any more.
func serveAPI(ctx context.Context, address string, api *simulate.API) (done func(), err error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("simulate: %w (another address: --api HOST:PORT)", err)
	}
	server := &http.Server{Handler: api, ReadHeaderTimeout: 10 * time.Second}
	var serving sync.WaitGroup
	serving.Go(func() { _ = server.Serve(l) }) // until it is closed
	return func() {
		api.Idle(ctx)
		server.Close()
		serving.Wait()
	}, nil
}

// newFaker returns the chat tool of a type, which sends to an address.
func newFaker(name, secret, to string) (connector.Faker, error) {
	o := connector.Options{URL: to}
	if secret != "" {
		o.Secrets = []string{secret}
	}
	var known []string
	for _, t := range all.Types() {
		c, ok := t.New(o).(connector.Faker)
		if !ok {
			continue
		}
		known = append(known, t.Name)
		if t.Name != name {
			continue
		}
		if secret == "" && t.Signs != connector.Never {
			return nil, errors.New("simulate: PARLANCE_SECRET is not set; set it to the source's secret")
		}
		if t.Check != nil && t.Check(o) != nil {
			return nil, fmt.Errorf("simulate: PARLANCE_SECRET is no key with which %s could sign", t.Title)
		}
		return c, nil
	}
	return nil, fmt.Errorf("simulate: no chat tool %q to play; there are %q", name, known)
}
