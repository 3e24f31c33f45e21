package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/gateway"
	"github.com/parlance-chat/parlance/internal/control"
	"github.com/parlance-chat/parlance/internal/recording"
)

func importCommand() *cobra.Command {
	var source string
	var dry bool
	cmd := &cobra.Command{
		Use:   "import --source NAME FILE...",
		Short: "Take in yesterday's webhooks, or exported transcripts",
		Long: `Take in yesterday's webhooks, or exported transcripts.

Each file is a webhook's body, or JSON Lines of bodies or of what 'parlance
capture' writes; directories are searched; - is standard input. For a source of
type api it is what the activity API takes, or one activity a line.

They are told in the order of their own times, with the messageIds that they
had or would have had live. So what was told before changes nothing, and an
import that was interrupted goes on where it was. Files are read twice and not
kept in memory, which takes some 250 bytes a webhook; what comes from standard
input is kept.`,
		Example: `  parlance import --source support --dry-run webhooks/
  parlance import --source support webhooks/ more.jsonl`,
	}
	l := lookFlags(cmd)
	cmd.Flags().StringVar(&source, "source", "", "name of the source that they are from (required)")
	cmd.Flags().BoolVar(&dry, "dry-run", false, "print the calls that would be sent, and send nothing")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if source == "" || len(args) == 0 {
			return usage(cmd, "name a source with --source, and files")
		}
		config, err := l.file.load()
		if err != nil {
			return err
		}
		config.Version = version
		reader, err := config.Reader(*l.workspace, source)
		if err != nil {
			return err
		}
		i := &importer{workspace: *l.workspace, source: source, data: config.Data, reader: reader, stdin: cmd.InOrStdin(), out: cmd.OutOrStdout(), bar: newBar(cmd.ErrOrStderr())}
		// Until something is sent, an interrupt may simply end the program: a
		// read of the terminal heeds no context.
		signal.Reset(os.Interrupt, syscall.SIGTERM)
		if err := i.scan(args); err != nil {
			return err
		}
		if dry {
			return i.dry()
		}
		ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
		defer stop()
		return l.ask(func(c *control.Client) error { return i.send(ctx, c) })
	}
	return cmd
}

// An importer tells requests in the order of their times.
type importer struct {
	workspace, source, data string
	reader                  *gateway.Reader
	stdin                   io.Reader
	out                     io.Writer
	bar                     *bar
	places                  []place
	sum                     uint64 // of what they hold
}

// A place is where a request is, and when what it first tells of happened.
type place struct {
	at time.Time
	recording.Place
}

// scan reads the files and puts what they hold in order.
func (i *importer) scan(paths []string) error {
	files, err := recording.Files(paths)
	if err != nil {
		return err
	}
	if len(files) == 0 {
		return fmt.Errorf("no files to import in %s", strings.Join(paths, ", "))
	}
	h := fnv.New64a()
	for _, file := range files {
		err := recording.Read(file, i.stdin, func(p recording.Place, r *connector.Request) error {
			_, _ = h.Write(r.Body) // a hash takes everything
			i.places = append(i.places, place{i.began(r), p})
			i.bar.count(len(i.places))
			return nil
		})
		if err != nil {
			i.bar.end()
			return err
		}
	}
	i.sum = h.Sum64()
	slices.SortStableFunc(i.places, func(a, b place) int { return a.at.Compare(b.at) })
	return nil
}

// began is when what a request first tells of happened; what tells nothing, or
// only with the tool's API, comes when it arrived.
func (i *importer) began(r *connector.Request) time.Time {
	again := *r
	again.Body = slices.Clone(r.Body)
	i.reader.Scrub(&again)
	p, err := i.reader.Read(&again)
	i.reader.Meet(p)
	if err != nil || len(p.Activities) == 0 {
		return r.Received
	}
	first := p.Activities[0].Time
	for _, a := range p.Activities {
		if a.Time.Before(first) {
			first = a.Time
		}
	}
	return first
}

// dry prints the calls that would be sent.
func (i *importer) dry() error {
	out := json.NewEncoder(i.out)
	unreadable, calls, asking := 0, 0, 0
	for _, p := range i.places {
		r, err := p.Request()
		if err != nil {
			return err
		}
		i.reader.Scrub(r)
		parsed, err := i.reader.Read(r)
		if err != nil {
			unreadable++
			continue
		}
		if len(r.Answers) > 0 {
			asking++
		}
		for _, o := range i.reader.Tell(parsed.Activities...) {
			if o.Identify != nil {
				if err := out.Encode(o.Identify); err != nil {
					return err
				}
			}
			for _, e := range o.Events {
				calls++
				if err := out.Encode(e); err != nil {
					return err
				}
			}
		}
	}
	i.bar.end()
	_, err := fmt.Fprintf(i.bar.out, "%d webhooks would become %d events; %d cannot be read\n", len(i.places), calls, unreadable)
	if asking > 0 && err == nil {
		_, err = fmt.Fprintf(i.bar.out, "%d of them leave out what the tool's API tells: without --dry-run it is asked, and there are more events, or fuller ones\n", asking)
	}
	return err
}

// perRequest and perRequestBytes bound what goes to the gateway at once.
const (
	perRequest      = 100
	perRequestBytes = 4 << 20
)

// batch returns the next requests that go to the gateway.
func (i *importer) batch(done int) (list []connector.Request, err error) {
	bytes := 0
	for _, p := range i.places[done:min(done+perRequest, len(i.places))] {
		r, err := p.Request()
		if err != nil {
			return nil, err
		}
		if bytes += len(r.Body); bytes > perRequestBytes && len(list) > 0 {
			break
		}
		list = append(list, *r)
	}
	return list, nil
}

// send hands the requests to the running gateway, from where it was interrupted.
func (i *importer) send(ctx context.Context, c *control.Client) error {
	mark := i.mark()
	done := readMark(mark)
	if done > len(i.places) {
		done = 0
	}
	if done > 0 {
		fmt.Fprintf(i.bar.out, "going on after %d of %d\n", done, len(i.places))
	}
	unreadable := 0
	for done < len(i.places) {
		batch, err := i.batch(done)
		if err != nil {
			i.bar.end()
			return err
		}
		q := control.ImportRequest{Workspace: i.workspace, Source: i.source, Requests: batch}
		var reply control.ImportReply
		if err := c.Post(ctx, "/import", q, &reply); err != nil {
			i.bar.end()
			if ctx.Err() != nil {
				err = errors.New("interrupted")
			}
			return fmt.Errorf("import: after %d of %d webhooks: %w; run it again to go on", done, len(i.places), err)
		}
		unreadable += reply.Unreadable
		done += len(batch)
		i.bar.show(done, len(i.places))
		if err := os.WriteFile(mark, fmt.Append(nil, done), 0o600); err != nil {
			return err
		}
	}
	i.bar.end()
	_, err := fmt.Fprintf(i.out, "%d webhooks imported\n", done)
	if unreadable > 0 {
		_, err = fmt.Fprintf(i.out, "%d of them cannot be read: parlance unreadable\n", unreadable)
	}
	if gone := os.Remove(mark); gone != nil && !errors.Is(gone, os.ErrNotExist) {
		err = errors.Join(err, gone)
	}
	return err
}

// mark is the file that says how far an import of the same requests got.
func (i *importer) mark() string {
	return filepath.Join(cmp.Or(i.data, "."), fmt.Sprintf("import-%s-%s-%016x", i.workspace, i.source, i.sum))
}

func readMark(path string) (done int) {
	b, err := os.ReadFile(path)
	if err == nil {
		_, _ = fmt.Sscan(string(b), &done) // a mark that says nothing is the beginning
	}
	return max(done, 0)
}
