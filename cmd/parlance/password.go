package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/parlance-chat/parlance/gateway"
)

// shortest is how long a password must be. NIST SP 800-63B asks for 15 where
// nothing else is asked of somebody.
const shortest = 15

func passwordCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "password",
		Short: "Make of a password what the configuration holds",
		Long: `Password reads a password, of at least 15 characters, twice from a terminal and once from a pipe, and prints a user
for the configuration, with what stands for the password. The password cannot be found out from that (argon2id).`,
		Example: "  parlance password\n  parlance password < password.txt",
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			password, err := readPassword(cmd)
			if err != nil {
				return err
			}
			if len([]rune(password)) < shortest {
				return fmt.Errorf("a password has at least %d characters; a few words that do not belong together are easy to keep in mind", shortest)
			}
			hash, err := gateway.HashPassword(password)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "console:\n  users:\n    YOUR-NAME: {password: '%s', role: operator}\n", hash)
			return err
		},
	}
}

func readPassword(cmd *cobra.Command) (string, error) {
	in, ok := cmd.InOrStdin().(*os.File)
	if !ok || !term.IsTerminal(int(in.Fd())) {
		line, err := bufio.NewReader(cmd.InOrStdin()).ReadString('\n')
		if line == "" && err != nil {
			return "", errors.New("there is no password on the standard input")
		}
		return strings.TrimRight(line, "\r\n"), nil
	}
	var typed [2]string
	for i, prompt := range []string{"Password: ", "Again: "} {
		fmt.Fprint(cmd.ErrOrStderr(), prompt)
		b, err := term.ReadPassword(int(in.Fd()))
		fmt.Fprintln(cmd.ErrOrStderr())
		if err != nil {
			return "", err
		}
		typed[i] = string(b)
	}
	if typed[0] != typed[1] {
		return "", errors.New("the two are not the same; try again")
	}
	return typed[0], nil
}
