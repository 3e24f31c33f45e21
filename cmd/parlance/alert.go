package main

import (
	"fmt"

	"github.com/spf13/cobra"
)

func alertCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "alert",
		Short: "Try who is told when a destination or source needs somebody",
	}
	test := &cobra.Command{
		Use:   "test [NAME...]",
		Short: "Send a test to the receivers of alerts",
		Long: `Test sends a test to the receivers of alerts that the configuration names, to all or to those of the
names, and says what they answered. It needs no gateway.`,
		Example: "  parlance alert test\n  parlance alert test team",
	}
	file := configFlag(test)
	workspace := test.Flags().StringP("workspace", "w", "default", "those that hear of this workspace")
	test.RunE = func(cmd *cobra.Command, args []string) error {
		config, err := file.load()
		if err != nil {
			return err
		}
		list, err := config.TestAlerts(cmd.Context(), *workspace, args...)
		if err != nil {
			return err
		}
		bad := false
		for _, r := range list {
			if r.Err != nil {
				bad = true
				fmt.Fprintf(cmd.OutOrStdout(), "%s: %s\n", r.Name, printable(r.Err.Error(), ""))
				continue
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s: taken; look whether it shows there\n", r.Name)
		}
		if bad {
			return exit(1)
		}
		return nil
	}
	cmd.AddCommand(ends(test, "a receiver did not take its test"))
	return group(cmd)
}
