package main

import (
	"os"

	"golang.org/x/sys/unix"
)

// sync does what SQLite does.
func sync(f *os.File) error { return unix.Fdatasync(int(f.Fd())) }
