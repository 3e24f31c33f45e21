package recording

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/parlance-chat/parlance/connector"
)

// maxRequest bounds a request in a file, as the gateway does.
const maxRequest = 4 << 20

// A Place is where a request is: in memory it is small, so that a million of
// them can be put in order.
type Place struct {
	Path   string
	N      int32 // the request's number in it, by lines, from 1
	length int32
	offset int64
	stdin  *connector.Request // of the standard input, which can be read but once
}

// Files returns the files that paths name, and those in directories among
// them, in order. "-" stands for the standard input.
func Files(paths []string) (files []string, err error) {
	for _, path := range paths {
		if path == "-" {
			files = append(files, path)
			continue
		}
		info, err := os.Stat(path)
		if err != nil {
			return nil, err
		}
		if !info.IsDir() {
			files = append(files, path)
			continue
		}
		// With a separator at its end, a link to a directory is followed.
		err = filepath.WalkDir(path+string(filepath.Separator), func(file string, d fs.DirEntry, err error) error {
			if err == nil && d.Type().IsRegular() && slices.Contains([]string{".json", ".jsonl", ".ndjson", ".form"}, filepath.Ext(file)) {
				files = append(files, filepath.Clean(file))
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return files, nil
}

// Read calls f with every request in a file, and where it is, until f returns
// an error. A line that is no request is an error that names it.
func Read(path string, stdin io.Reader, f func(p Place, r *connector.Request) error) error {
	if path == "-" {
		return readLines(path, stdin, func(p Place, r *connector.Request) error {
			p.stdin = r
			return f(p, r)
		})
	}
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	if ext := filepath.Ext(path); ext == ".jsonl" || ext == ".ndjson" {
		return readLines(path, file, f)
	}
	r, err := whole(path, file)
	if err != nil {
		return err
	}
	return f(Place{Path: path, N: 1}, r)
}

// Request reads the request at p again. The caller may change it.
func (p Place) Request() (*connector.Request, error) {
	if p.stdin != nil {
		again := *p.stdin
		again.Body = bytes.Clone(p.stdin.Body)
		return &again, nil
	}
	file, err := os.Open(p.Path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	if p.length == 0 {
		return whole(p.Path, file)
	}
	line := make([]byte, p.length)
	if _, err := file.ReadAt(line, p.offset); err != nil || !json.Valid(line) {
		return nil, fmt.Errorf("%s: line %d: has changed since it was first read", p.Path, p.N)
	}
	return request(bytes.TrimSpace(line)), nil
}

// whole reads a file that is one body.
func whole(path string, in io.Reader) (*connector.Request, error) {
	body, err := io.ReadAll(io.LimitReader(in, maxRequest+1))
	if err != nil {
		return nil, err
	}
	if len(body) > maxRequest {
		return nil, fmt.Errorf("%s: has more than %d bytes; several requests go into a file of JSON Lines, %s.jsonl", path, maxRequest, path)
	}
	if filepath.Ext(path) == ".form" {
		return Recording{Headers: map[string]string{"Content-Type": "application/x-www-form-urlencoded"}, Body: string(bytes.TrimSpace(body))}.Request(), nil
	}
	return request(body), nil
}

func readLines(path string, in io.Reader, f func(p Place, r *connector.Request) error) error {
	var begin, next int64 // of the line at hand, and of the one after it
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 2*maxRequest)
	lines.Split(func(data []byte, atEOF bool) (int, []byte, error) {
		advance, line, err := bufio.ScanLines(data, atEOF)
		begin = next
		next += int64(advance)
		return advance, line, err
	})
	for n := int32(1); lines.Scan(); n++ {
		line := lines.Bytes()
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		if !json.Valid(line) {
			if path == "-" && n == 1 {
				return readOne(lines, f)
			}
			return fmt.Errorf("%s: line %d: is not JSON", path, n)
		}
		if err := f(Place{Path: path, N: n, offset: begin, length: int32(len(line))}, request(bytes.Clone(bytes.TrimSpace(line)))); err != nil {
			return err
		}
	}
	if errors.Is(lines.Err(), bufio.ErrTooLong) {
		return fmt.Errorf("%s: a line is too long", path)
	}
	return lines.Err()
}

// readOne reads one JSON value on several lines, of which the first is read.
func readOne(lines *bufio.Scanner, f func(p Place, r *connector.Request) error) error {
	body := bytes.Clone(lines.Bytes())
	for lines.Scan() && len(body) <= maxRequest {
		body = append(append(body, '\n'), lines.Bytes()...)
	}
	switch {
	case lines.Err() != nil:
		return lines.Err()
	case len(body) > maxRequest:
		return fmt.Errorf("-: has more than %d bytes", maxRequest)
	case !json.Valid(body):
		return errors.New("-: line 1: is not JSON")
	}
	return f(Place{Path: "-", N: 1}, request(body))
}
