package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/parlance-chat/parlance/livechat"
)

func exportCommand() *cobra.Command {
	exports := map[string]func() []byte{
		"schema":           livechat.Schema,
		"segment-plan":     livechat.SegmentPlan,
		"rudderstack-plan": livechat.RudderStackPlan,
	}
	names := slices.Sorted(maps.Keys(exports))
	return &cobra.Command{
		Use:   "export " + strings.Join(names, "|"),
		Short: "Print the specification as JSON Schema (draft-07) or as a tracking plan",
		Example: `  parlance export schema > live-chat.schema.json
  parlance export segment-plan | curl -X PUT -d @- … /tracking-plans/ID/rules   # Segment's Public API`,
		ValidArgs: names,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 || exports[args[0]] == nil {
				return usage(cmd, "got %q, want one of %s", args, strings.Join(names, ", "))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			_, err := fmt.Fprintf(cmd.OutOrStdout(), "%s\n", strings.TrimSpace(string(exports[args[0]]())))
			return err
		},
	}
}
