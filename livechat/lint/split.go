package lint

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"

	"github.com/parlance-chat/parlance/livechat/internal/strictjson"
)

// maxValue bounds what is held in memory of the input: twice what receivers
// take as one batch.
const maxValue = 1 << 20

// A value is one JSON text of the input, cut out but not read.
type value struct {
	raw          []byte // valid until the next value is cut; nil if it is longer than maxValue
	line, column int    // where it begins, both from 1
	fault        string // if it is no value, what is wrong between two values
}

// split cuts r into the values of JSON Lines, or into the elements of arrays
// and the objects between them, and yields each. It never gives up on account
// of what it reads: its errors are those of r.
func split(r io.Reader, yield func(value)) error {
	br := bufio.NewReaderSize(r, maxValue)
	if bom, _ := br.Peek(3); string(bom) == "\uFEFF" {
		if _, err := br.Discard(len(bom)); err != nil {
			return err
		}
	}
	head, err := br.Peek(maxValue)
	if err != nil && err != io.EOF {
		return err
	}
	if jsonLines(head, err == io.EOF) {
		return splitLines(br, yield)
	}
	s := splitter{r: br, line: 1, column: 1, yield: yield}
	return s.run()
}

// jsonLines tells JSON Lines, of which the first may be broken, from a text
// that goes over several lines. whole says that head is all there is.
func jsonLines(head []byte, whole bool) bool {
	head = bytes.TrimLeft(head, " \t\r\n")
	first, rest, found := bytes.Cut(head, []byte("\n"))
	first = bytes.TrimSpace(first)
	if len(first) == 0 || !found && !whole {
		return false
	}
	if first[0] != '{' && first[0] != '[' || json.Valid(first) {
		return true
	}
	var e *strictjson.Error
	if _, err := strictjson.Decode(first); errors.As(err, &e) && e.Offset < len(first) {
		return first[0] == '{' // broken, not merely unfinished; an array is always split by its elements
	}
	if bytes.IndexByte([]byte("{[,:"), first[len(first)-1]) >= 0 {
		return false
	}
	rest = bytes.TrimLeft(rest, " \t\r\n")
	return len(rest) > 0 && rest[0] == '{'
}

func splitLines(r *bufio.Reader, yield func(value)) error {
	for line := 1; ; line++ {
		raw, err := r.ReadSlice('\n')
		v := value{line: line, column: 1}
		if errors.Is(err, bufio.ErrBufferFull) {
			yield(v)
			for errors.Is(err, bufio.ErrBufferFull) {
				_, err = r.ReadSlice('\n')
			}
		} else if v.raw = bytes.TrimRight(raw, " \t\r\n"); len(bytes.TrimSpace(v.raw)) > 0 {
			yield(v)
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// A splitter cuts a text by its brackets alone, so that one broken value
// does not hide those behind it.
type splitter struct {
	r            *bufio.Reader
	yield        func(value)
	line, column int // of the next byte
	inArray      bool
	last         token // before the next byte, in an array

	current value // being cut
	buf     []byte
	tooLong bool
}

// A token is what stands between the brackets of an array.
type token int

const (
	noToken token = iota
	comma
	anElement
)

func (s *splitter) run() error {
	for {
		c, err := s.skipSpace()
		if err == io.EOF {
			if s.inArray { // never closed: whoever reads this bracket finds that out
				s.yield(value{raw: []byte("["), line: s.line, column: s.column})
			}
			return nil
		}
		if err != nil {
			return err
		}
		s.punctuation(c)
		switch {
		case c == '[' && !s.inArray:
			s.inArray, s.last = true, noToken
			_, err = s.next()
		case c == ']' && s.inArray:
			s.inArray = false
			_, err = s.next()
		case c == ',':
			s.last = comma
			_, err = s.next()
		default:
			s.last = anElement
			if err = s.cut(c); err == io.EOF { // whoever reads the value finds that out
				return nil
			}
		}
		if err != nil && err != io.EOF {
			return err
		}
	}
}

// punctuation yields what is wrong with the commas before c.
func (s *splitter) punctuation(c byte) {
	fault := ""
	switch {
	case c == ',' && (!s.inArray || s.last != anElement):
		fault = "a comma where none belongs"
	case c == ']' && s.inArray && s.last == comma:
		fault = "a comma with nothing behind it"
	case c == '{' && s.inArray && s.last == anElement:
		fault = "a comma is missing"
	}
	if fault != "" {
		s.yield(value{line: s.line, column: s.column, fault: fault})
	}
}

// skipSpace peeks at the byte behind the white space.
func (s *splitter) skipSpace() (byte, error) {
	for {
		c, err := s.peek()
		if err != nil {
			return 0, err
		}
		switch c {
		case ' ', '\t', '\r', '\n':
			if _, err := s.next(); err != nil {
				return 0, err
			}
		default:
			return c, nil
		}
	}
}

// cut yields the value that begins with c.
func (s *splitter) cut(c byte) error {
	s.current = value{line: s.line, column: s.column}
	s.buf, s.tooLong = s.buf[:0], false
	var err error
	if c == '{' || c == '[' {
		err = s.nested()
	} else {
		err = s.scalar()
	}
	if !s.tooLong {
		s.current.raw = s.buf
	}
	s.yield(s.current)
	return err
}

// nested keeps bytes until the brackets balance, whatever their kind.
func (s *splitter) nested() error {
	depth, inString := 0, false
	for {
		c, err := s.keep()
		if err != nil {
			return err
		}
		switch {
		case c == '"' || c == '\n': // no string goes over a line end, so a broken one ends there
			inString = c == '"' && !inString
		case inString && c == '\\':
			if _, err := s.keep(); err != nil {
				return err
			}
		case inString:
		case c == '{' || c == '[':
			depth++
		case c == '}' || c == ']':
			if depth--; depth == 0 {
				return nil
			}
		}
	}
}

// scalar keeps bytes until something that may begin or separate values.
func (s *splitter) scalar() error {
	for {
		if _, err := s.keep(); err != nil {
			return err
		}
		c, err := s.peek()
		if err != nil {
			return err
		}
		if bytes.IndexByte([]byte(" \t\r\n,[]{}"), c) >= 0 {
			return nil
		}
	}
}

func (s *splitter) keep() (byte, error) {
	c, err := s.next()
	if err != nil {
		return 0, err
	}
	if len(s.buf) == maxValue {
		s.tooLong = true
	} else {
		s.buf = append(s.buf, c)
	}
	return c, nil
}

func (s *splitter) peek() (byte, error) {
	b, err := s.r.Peek(1)
	if err != nil {
		return 0, err
	}
	return b[0], nil
}

func (s *splitter) next() (byte, error) {
	c, err := s.r.ReadByte()
	if err != nil {
		return 0, err
	}
	s.column++
	if c == '\n' {
		s.line, s.column = s.line+1, 1
	}
	return c, nil
}
