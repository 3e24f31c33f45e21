package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/parlance-chat/parlance/internal/control"
)

// What is shown of a parked call, but for what people wrote.
const parkedLong = `Parked calls are those that a destination refused for good. They are kept, with what was asked and what the
destination said, until they are resent or dropped. Without a command, this lists them as 'parked list' does.`

func parkedCommand() *cobra.Command {
	cmd := listParkedCommand()
	cmd.Use, cmd.Long = "parked", parkedLong
	cmd.Short = "List, show, resend or drop what a destination refused for good"
	cmd.AddCommand(listParkedCommand(), showParkedCommand(),
		parkedAct("resend", "Try again to deliver parked calls; what arrives is parked no more", `Resend makes one attempt to deliver parked calls again, with the messageId that they had, the oldest first and
beside what is new. Those that arrive are parked no more; those that are refused again stay. If the destination takes nothing just
now, it stops and says so. The gateway must be running.`),
		parkedAct("drop", "Remove parked calls for good", "Drop removes parked calls. They cannot be brought back; while their events are kept, 'parlance replay' can send them anew."))
	return cmd
}

// parkedFlags name parked calls.
type parkedFlags struct {
	look
	filter
	destination, reason *string
}

func newParkedFlags(cmd *cobra.Command) parkedFlags {
	return parkedFlags{
		look:        lookFlags(cmd),
		filter:      filterFlags(cmd, "parked"),
		destination: cmd.Flags().StringP("destination", "d", "", "only of this destination"),
		reason:      cmd.Flags().String("reason", "", "only those whose reason holds this text"),
	}
}

// request is what the flags name.
func (f parkedFlags) request() (control.ParkedRequest, error) {
	q := control.ParkedRequest{Workspace: *f.workspace, Destination: *f.destination, Filter: f.events(), Reason: *f.reason}
	var err error
	q.Since, q.Until, err = f.times(time.Now())
	return q, err
}

func listParkedCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List parked calls, the newest first",
		Long:  "List lists parked calls, the newest first, with the reason.",
		Example: `  parlance parked list --destination segment --since 24h
  parlance parked list --reason "too large" --json`,
		Args: noArgs,
	}
	f := newParkedFlags(cmd)
	limit := cmd.Flags().Int("limit", 20, "at most so many")
	asJSON := cmd.Flags().Bool("json", false, "print all that is known of them, one JSON object a line")
	body := cmd.Flags().Bool("body", false, "with --json: also what people wrote")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		request, err := f.request()
		if err != nil {
			return err
		}
		out := cmd.OutOrStdout()
		return f.ask(func(c *control.Client) error {
			n := 0
			for n < *limit {
				q := request.Query()
				q.Set("limit", strconv.Itoa(min(*limit-n, 500)))
				q.Set("past", strconv.FormatInt(request.Past, 10))
				q.Set("body", strconv.FormatBool(*body))
				var list []control.Parked
				if err := c.Get(cmd.Context(), "/parked", q, &list); err != nil {
					return err
				}
				if len(list) == 0 {
					break
				}
				if err := printParked(out, list, *asJSON); err != nil {
					return err
				}
				n += len(list)
				request.Past = list[len(list)-1].ID
			}
			if n == 0 && !*asJSON {
				fmt.Fprintln(out, "nothing parked")
			}
			return nil
		})
	}
	return cmd
}

func printParked(w io.Writer, list []control.Parked, asJSON bool) error {
	e := json.NewEncoder(w)
	for _, p := range list {
		var err error
		if asJSON {
			err = e.Encode(p)
		} else {
			_, err = fmt.Fprintf(w, "%6d  %s  %-20s %s\n", p.ID, stamp(p.At), p.Destination, printable(p.Reason, ""))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func showParkedCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "show ID",
		Short:   "Show a parked call: what was asked, what was answered, and the call itself",
		Long:    "Show shows a parked call: what was asked of the destination, what it answered, why the call is parked, and the call itself. What\npeople wrote is masked.",
		Example: "  parlance parked show 17\n  parlance parked show 17 --body",
		Args:    one("ID", "parlance parked"),
	}
	l := lookFlags(cmd)
	body := cmd.Flags().Bool("body", false, "also what people wrote")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		ids, err := parkedIDs(args)
		if err != nil {
			return err
		}
		var p control.Parked
		err = l.ask(func(c *control.Client) error {
			return c.Get(cmd.Context(), "/parked/"+strconv.FormatInt(ids[0], 10), l.query("body", strconv.FormatBool(*body)), &p)
		})
		if err != nil {
			return err
		}
		return printCall(cmd.OutOrStdout(), p)
	}
	return cmd
}

func printCall(w io.Writer, p control.Parked) error {
	var call strings.Builder
	e := json.NewEncoder(&call)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(p.Call); err != nil {
		return err
	}
	response := p.Response
	if p.Status != 0 {
		response = strings.TrimSpace(strconv.Itoa(p.Status) + " " + response)
	}
	request := cmp.Or(p.Request, "none was made with it")
	for _, row := range [][2]string{{"parked", stamp(p.At)}, {"destination", p.Destination}, {"reason", p.Reason}, {"request", request}, {"response", response},
		{"source", p.Source}, {"event", p.Event}, {"conversation", p.Conversation}, {"messageId", p.MessageID}} {
		if row[1] == "" {
			continue
		}
		if _, err := fmt.Fprintf(w, "%-13s %s\n", row[0]+":", printable(row[1], "")); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(w, "\n%s", printable(call.String(), "\n"))
	return err
}

func parkedIDs(args []string) (ids []int64, err error) {
	for _, arg := range args {
		id, err := strconv.ParseInt(arg, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("%q is not an ID: 'parlance parked' lists them", arg)
		}
		ids = append(ids, id)
	}
	return ids, nil
}

// parkedAct is a command that does something with parked calls.
func parkedAct(act, short, long string) *cobra.Command {
	cmd := &cobra.Command{
		Use:   act + " (ID… | --all | FILTER)",
		Short: short,
		Long:  long,
		Example: "  parlance parked " + act + " 17 18\n  parlance parked " + act + " --destination segment --reason \"too large\" --dry-run\n" +
			"  parlance parked " + act + " --all",
	}
	f := newParkedFlags(cmd)
	all := cmd.Flags().Bool("all", false, "all of them")
	dry := cmd.Flags().Bool("dry-run", false, "only say how many they are")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		request, err := f.request()
		if err != nil {
			return err
		}
		if request.IDs, err = parkedIDs(args); err != nil {
			return err
		}
		request.All, request.DryRun = *all, *dry
		if !request.Named() && !*all {
			return usage(cmd, "name IDs ('parlance parked' lists them) or a filter, or say --all")
		}
		return f.ask(func(c *control.Client) error { return actOnParked(cmd, c, act, request) })
	}
	return ends(cmd, "some of the calls that were named are still parked, or never were")
}

// actOnParked has every page of what is named acted on.
func actOnParked(cmd *cobra.Command, c *control.Client, act string, request control.ParkedRequest) error {
	if request.Until.IsZero() && len(request.IDs) == 0 {
		request.Until = time.Now() // what is parked from now on is not meant
	}
	out, bar := cmd.OutOrStdout(), newBar(cmd.ErrOrStderr())
	done, not, all := 0, 0, 0
	for {
		var reply control.ParkedReply
		err := c.Post(cmd.Context(), "/parked/"+act, request, &reply)
		if cmd.Context().Err() != nil {
			err = errors.New("interrupted")
		}
		if err != nil {
			bar.end()
			return err
		}
		if request.DryRun {
			_, err := fmt.Fprintf(out, "%s: %d calls are meant\n", act, reply.Matched)
			return err
		}
		all = max(all, int(reply.Matched))
		if len(reply.Problems) > 0 || !reply.More {
			bar.end()
		}
		for _, p := range reply.Problems {
			fmt.Fprintf(cmd.ErrOrStderr(), "%d: %s\n", p.ID, printable(p.Text, ""))
		}
		done, not = done+reply.Done, not+len(reply.Problems)
		if reply.Stopped != "" {
			fmt.Fprintf(out, "%s: %d done, %d not\n", act, done, not)
			return fmt.Errorf("the rest was not tried: %s", printable(reply.Stopped, ""))
		}
		if !reply.More {
			break
		}
		request.Past = reply.Past
		bar.show(done+not, all)
	}
	fmt.Fprintf(out, "%s: %d done, %d not\n", act, done, not)
	if not > 0 {
		return exit(1)
	}
	return nil
}
