// Package parlance holds the architecture test of this module, and nothing else.
//
// The front door for programs is package gateway; the specification is package
// livechat; the command is cmd/parlance.
package parlance
