// Package disktest gives tests a small disk of their own.
package disktest
